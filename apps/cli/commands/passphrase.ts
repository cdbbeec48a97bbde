/** The passphrase of key files and vaults, as commands are given it. @module */
import { CliError } from '../output.ts'
import { readText } from '../profile.ts'

interface PassphraseOptions {
  readonly passphraseFile?: string
}

/** Never an argument: those are seen by every user of the machine. The variable goes no further than here. */
export async function givenPassphrase({
  passphraseFile,
}: PassphraseOptions): Promise<{ passphrase?: string }> {
  const { COUNTERSIGN_PASSPHRASE: variable } = process.env
  delete process.env.COUNTERSIGN_PASSPHRASE
  const passphrase = passphraseFile === undefined ? variable : await readText(passphraseFile)
  if (passphrase === '')
    throw new CliError('ARGUMENT_INVALID', 'the passphrase is empty: put one into the file or the variable')
  return passphrase === undefined ? {} : { passphrase }
}
