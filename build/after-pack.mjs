/**
 * Flips the fuses of the packed program before it is signed, and on Linux writes its hashes. Called by
 * electron-builder.
 */
import { join } from 'node:path'
import { flipFuses } from '@electron/fuses'
import { fuseConfig } from './fuses.mjs'
import { writeSums } from './sums.mjs'

/** The file that holds the fuses; on macOS `flipFuses` finds it inside the bundle. */
function executableOf({ appOutDir, electronPlatformName, packager }) {
  const { productFilename } = packager.appInfo
  if (electronPlatformName === 'darwin') return join(appOutDir, `${productFilename}.app`)
  if (electronPlatformName === 'win32') return join(appOutDir, `${productFilename}.exe`)
  return join(appOutDir, packager.executableName)
}

export default async function afterPack(context) {
  await flipFuses(executableOf(context), fuseConfig(context.electronPlatformName))
  if (context.electronPlatformName === 'linux') writeSums(join(context.appOutDir, 'resources'))
}
