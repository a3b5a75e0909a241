/** Electron as the console knows it, on the older runtime: `safeStorage` answers at once there. For the suite alone. */
import { safeStorage as older } from 'electron'

export * from 'electron'

export const safeStorage = {
  isAsyncEncryptionAvailable: async () => older.isEncryptionAvailable(),
  encryptStringAsync: async (text) => older.encryptString(text),
  decryptStringAsync: async (cipher) => ({ shouldReEncrypt: false, result: older.decryptString(cipher) }),
  getSelectedStorageBackend: () => older.getSelectedStorageBackend(),
}
