/** Electron for the console on the older runtime, whose `safeStorage` is synchronous. For the suite only. */
import { safeStorage as older } from 'electron'

export * from 'electron'

export const safeStorage = {
  isAsyncEncryptionAvailable: async () => older.isEncryptionAvailable(),
  encryptStringAsync: async (text) => older.encryptString(text),
  decryptStringAsync: async (cipher) => ({ shouldReEncrypt: false, result: older.decryptString(cipher) }),
  getSelectedStorageBackend: () => older.getSelectedStorageBackend(),
}
