/**
 * What the shipped runtime can no longer do, burnt into its executable: it is no Node for whoever finds it, takes no
 * orders from the environment, and runs no code but that of its own archive.
 */
import { FuseV1Options, FuseVersion } from '@electron/fuses'

/** @param {string} platform as Electron names it: `darwin`, `linux`, `win32` */
export function fuseConfig(platform) {
  return {
    version: FuseVersion.V1,
    // A fuse that a newer Electron adds must be decided here, or the build fails.
    strictlyRequireAllFuses: true,
    // Flipping breaks the signature that unsigned builds for Apple's processors need to start at all. Only macOS signs.
    resetAdHocDarwinSignature: platform === 'darwin' && process.platform === 'darwin',
    [FuseV1Options.RunAsNode]: false,
    [FuseV1Options.EnableCookieEncryption]: true,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: false,
    // Electron has no such check on Linux: there the console compares by itself (`src-main/electron/archive.ts`).
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: platform !== 'linux',
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    [FuseV1Options.WasmTrapHandlers]: true,
  }
}
