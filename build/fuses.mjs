/**
 * Disables features of the shipped runtime by fuses in its executable: it cannot be used as Node, ignores the
 * environment, and runs no code but its own archive.
 */
import { FuseV1Options, FuseVersion } from '@electron/fuses'

/** @param {string} platform as Electron names it: `darwin`, `linux`, `win32` */
export function fuseConfig(platform) {
  return {
    version: FuseVersion.V1,
    // If a newer Electron adds a fuse, the build fails until it is decided here.
    strictlyRequireAllFuses: true,
    // Flipping breaks the signature that unsigned builds need to start on Apple's processors. Only macOS can sign.
    resetAdHocDarwinSignature: platform === 'darwin' && process.platform === 'darwin',
    [FuseV1Options.RunAsNode]: false,
    [FuseV1Options.EnableCookieEncryption]: true,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: false,
    // Electron has no such check on Linux: there the console checks itself (`src-main/electron/archive.ts`).
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: platform !== 'linux',
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    [FuseV1Options.WasmTrapHandlers]: true,
  }
}
