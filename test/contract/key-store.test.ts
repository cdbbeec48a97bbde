/** Key files against the contract, in the clear and encrypted, and what is theirs alone. spec/keys.md (KEY-10). @module */
import {
  chmod,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openFsKeyStore } from '../../src/adapters/fs/key-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { keyStoreContract, kidOf } from './key-store.ts'

const PASSPHRASE = 'correct horse, battery: staple'
interface KeyFile {
  kdf: { n: number; salt: string }
  cipher: { nonce: string }
  kid: string
  data: string
}

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function emptyFolder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'countersign-keys-'))
  folders.push(made)
  return join(made, 'keys')
}

function open(folder: string, passphrase: string | null = null, onEncrypted?: (file: string) => void) {
  return openFsKeyStore(folder, {
    crypto: nodeCrypto,
    passphrase,
    ...(onEncrypted === undefined ? {} : { onEncrypted }),
  })
}

for (const [name, passphrase] of [
  ['files', null],
  ['encrypted files', PASSPHRASE],
] as const) {
  keyStoreContract(name, async () => {
    const folder = await emptyFolder()
    return () => open(folder, passphrase)
  })
}

let folder: string
beforeEach(async () => {
  folder = await emptyFolder()
})
const fileOf = (name: string): string => join(folder, name)
const textOf = (name: string): Promise<string> => readFile(fileOf(name), 'utf8')

describe('key files', () => {
  test('are readable by their owner alone, and nothing else stays beside them', async () => {
    const store = await open(folder, PASSPHRASE)
    const kid = kidOf((await store.first('issuer'), await store.make('issuer')))
    expect((await readdir(folder)).sort()).toEqual([`issuer-${kid}.jwk`, 'issuer.jwk'])
    for (const name of await readdir(folder)) expect((await stat(fileOf(name))).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  test('that others can read are refused', async () => {
    await (await open(folder)).first('log')
    await chmod(fileOf('log.jwk'), 0o640)
    await expect(open(folder)).rejects.toThrowWithCode('KEY_FILE_OPEN')
  })

  test('in a folder that is a file are unavailable', async () => {
    await writeFile(folder, '')
    await expect(open(folder)).rejects.toThrowWithCode('KEY_UNAVAILABLE')
  })

  test('that are destroyed are overwritten before their name goes', async () => {
    const store = await open(folder)
    const key = await store.first('issuer')
    const held = await openFile(fileOf('issuer.jwk'), 'r')
    await store.destroy('issuer', kidOf(key))
    expect([...new Set(await held.readFile())]).toEqual([0])
    await held.close()
    expect(await readdir(folder)).toEqual([])
  })
})

describe('encrypted key files', () => {
  let text: string // one file, made once: each derivation takes a good part of a second
  beforeAll(async () => {
    const made = await emptyFolder()
    await (await open(made, PASSPHRASE)).first('issuer')
    text = await readFile(join(made, 'issuer.jwk'), 'utf8')
  })
  const write = async (value: string): Promise<void> => {
    await mkdir(folder, { mode: 0o700 })
    await writeFile(fileOf('issuer.jwk'), value, { mode: 0o600 })
  }

  test('hold the kid in the clear, the private half never, and never the same bytes twice', async () => {
    await write(text)
    const store = await open(folder, PASSPHRASE)
    const { d } = await store.first('issuer')
    expect(text).not.toContain(d)
    expect(JSON.parse(text)).toMatchObject({
      v: 1,
      kdf: { name: 'scrypt', n: 131_072, r: 8, p: 1, salt: expect.stringMatching(/^[\w-]{22}$/) },
      cipher: { name: 'aes-256-gcm', nonce: expect.stringMatching(/^[\w-]{16}$/) },
      kid: kidOf(await store.first('issuer')),
    })
    await store.first('frame')
    const [one, other] = [JSON.parse(text), JSON.parse(await textOf('frame.jwk'))]
    expect(one.kdf.salt).not.toBe(other.kdf.salt)
    expect(one.cipher.nonce).not.toBe(other.cipher.nonce)
  })

  test('open with no passphrase, and with another one, to an error that says which', async () => {
    await write(text)
    await expect(open(folder)).rejects.toThrowWithCode('KEY_LOCKED')
    const wrong = open(folder, `${PASSPHRASE} `)
    await expect(wrong).rejects.toThrowWithCode('KEY_PASSPHRASE_WRONG')
    await expect(wrong).rejects.toThrow(/issuer\.jwk/)
  })

  test.each([
    ['its data', (file: KeyFile) => (file.data = flip(file.data))],
    ['its tag', (file: KeyFile) => (file.data = flip(file.data, -3))],
    ['its nonce', (file: KeyFile) => (file.cipher.nonce = flip(file.cipher.nonce))],
    ['its salt', (file: KeyFile) => (file.kdf.salt = flip(file.kdf.salt))],
    ['its kid', (file: KeyFile) => (file.kid = flip(file.kid))],
    ['a smaller n', (file: KeyFile) => (file.kdf.n = 1024)],
    ['data shorter than a tag', (file: KeyFile) => (file.data = 'AAAA')],
  ])('give no key after a change of %s', async (_, change) => {
    const file = JSON.parse(text)
    change(file)
    await write(JSON.stringify(file))
    await expect(open(folder, PASSPHRASE)).rejects.toThrowWithCode('KEY_PASSPHRASE_WRONG')
  })

  test.each([
    ['an n of 2 GiB', { n: 2_097_152 }],
    ['an n that is no power of two', { n: 131_073 }],
    ['another r', { r: 16 }],
    ['too many passes', { p: 5 }],
    ['another function', { name: 'pbkdf2' }],
    ['an unknown member', { extra: 1 }],
  ])('with %s are refused before anything is derived', async (_, edit) => {
    const file = JSON.parse(text)
    await write(JSON.stringify({ ...file, kdf: { ...file.kdf, ...edit } }))
    await expect(open(folder, PASSPHRASE)).rejects.toThrowWithCode('KEY_INVALID')
  })

  test('hold the event loop up no longer than any other work', async () => {
    await write(text)
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await open(folder, PASSPHRASE)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(10) // a derivation takes hundreds of milliseconds
  })
})

describe('plain key files for which a passphrase is given', () => {
  test('are encrypted, said so, and hold the same keys', async () => {
    const plain = await open(folder)
    const keys = [await plain.first('issuer'), await plain.first('frame')]
    const held = await openFile(fileOf('issuer.jwk'), 'r')
    const said: string[] = []
    const store = await open(folder, PASSPHRASE, (file) => said.push(file))
    expect(said.sort()).toEqual([fileOf('frame.jwk'), fileOf('issuer.jwk')])
    expect([await store.first('issuer'), await store.first('frame')]).toEqual(keys)
    for (const [i, name] of ['issuer.jwk', 'frame.jwk'].entries()) {
      expect(await textOf(name)).not.toContain(keys[i]!.d)
    }
    expect([...new Set(await held.readFile())]).toEqual([0]) // the plain bytes do not stay on the disk
    await held.close()
    expect((await readdir(folder)).sort()).toEqual(['frame.jwk', 'issuer.jwk'])
    said.length = 0
    expect(await (await open(folder, PASSPHRASE, (file) => said.push(file))).first('issuer')).toEqual(keys[0])
    expect(said).toEqual([])
  })

  test('stay as they are when the passphrase does not open the others', async () => {
    await (await open(folder, PASSPHRASE)).first('log')
    await writeFile(fileOf('frame.jwk'), JSON.stringify(nodeCrypto.generateKey('Ed25519')), { mode: 0o600 })
    const before = await textOf('frame.jwk')
    await expect(open(folder, 'mistyped')).rejects.toThrowWithCode('KEY_PASSPHRASE_WRONG')
    expect(await textOf('frame.jwk')).toBe(before)
  })
})

/** Another base64url character at a place where it changes the bytes. */
function flip(text: string, at = 0): string {
  const index = at < 0 ? text.length + at : at
  return `${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`
}
