/** Folders and files are chosen in the system's own dialog, and transferred without a page naming one. */
import { expect, test } from 'vitest'
import { nativeChooser, type OpenDialogOptions } from '../../src-main/electron/dialogs.ts'

function dialogThat(answers: { readonly canceled: boolean; readonly filePaths: string[] }) {
  const asked: OpenDialogOptions[] = []
  const showOpenDialog = async (options: OpenDialogOptions) => {
    asked.push(options)
    return answers
  }
  return { asked, chooser: nativeChooser({ showOpenDialog }) }
}

test('a folder is asked for by the name of the backup, a file as one file', async () => {
  const { asked, chooser } = dialogThat({ canceled: false, filePaths: ['/home/ada/x', '/home/ada/y'] })
  expect(await chooser.folder('cvd_backup_1.db.gz')).toBe('/home/ada/x')
  expect(await chooser.file()).toBe('/home/ada/x')
  expect(asked).toMatchObject([
    { title: 'Choose a folder for cvd_backup_1.db.gz', properties: expect.arrayContaining(['openDirectory']) },
    { properties: expect.not.arrayContaining(['openDirectory', 'multiSelections']) },
  ])
})

test('a dialog that was closed chooses nothing', async () => {
  const { chooser } = dialogThat({ canceled: true, filePaths: ['/left/over'] })
  expect([await chooser.folder('x'), await chooser.file()]).toEqual([null, null])
  expect(await dialogThat({ canceled: false, filePaths: [] }).chooser.file()).toBeNull()
})
