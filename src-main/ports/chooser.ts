/** How a host lets people choose places on this computer. A page never names one. */

export interface Chooser {
  /** A folder for a download; null if none was chosen. `name` is the file's. */
  folder(name: string): Promise<string | null>
  /** The file of a backup; null if none was chosen. */
  file(): Promise<string | null>
}
