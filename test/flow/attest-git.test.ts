/** Attestations in real git repositories: a trailer and a note are found again, and a server refuses what has none. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noteCommit, trailCommit } from '../../apps/cli/attest/carry.ts'
import { Git } from '../../apps/cli/attest/git.ts'
import { newHash } from '../../apps/cli/attest/output-file.ts'
import { verifyCommits } from '../../apps/cli/attest/verify.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { judgePush, NOTES_REF, pushPolicySchema, type PushedRef } from '../../src/provenance/carriers/push.ts'
import { AttestedRepository } from '../fixtures/attested-repository.ts'
import { CLI } from './stage.ts'

/** Each step is a process of git, some of them with ours in a hook. */
vi.setConfig({ testTimeout: 300_000 })

let r: AttestedRepository
beforeAll(() => {
  r = new AttestedRepository('git')
})
afterAll(() => r.remove())

const trust = () => ({ key: [r.world.kid], role: 'directed' as const })
const one = async (revision: string, more: object = {}) =>
  (await verifyCommits(r.git, revision, { ...trust(), ...more }))[0]
const code = async (revision: string, more: object = {}): Promise<string> => {
  const answer = await one(revision, more)
  return answer === undefined || answer.ok ? 'ok' : answer.error.code
}

describe('a commit', () => {
  test('carries its attestation in a trailer that git reads, and nothing attested is changed', async () => {
    r.commit('a.txt', 'one\n')
    expect(await code('HEAD')).toBe('ATTESTATION_MISSING')
    const bundle = r.attestation()
    const old = r.run('rev-parse', 'HEAD')
    const commit = trailCommit(r.git, bundle)
    expect(commit).not.toBe(old)
    expect(await one('HEAD')).toMatchObject({ ok: true, role: 'supervised', commit })
    expect(r.run('fsck', '--strict')).toBe('')
    const read = r.run('log', '-1', '--format=%(trailers:key=Countersign-Attestation,valueonly,unfold)')
    expect(read).toMatch(/^1\./)
  })

  test('that is amended in its author, tree or message is another; committed again, it is the same', async () => {
    r.run('commit', '--quiet', '--amend', '--no-edit', '--reset-author', '--date=2026-01-01T00:00:00Z')
    expect(await code('HEAD')).toBe('CONTENT_CHANGED')
    r.run('reset', '--quiet', '--hard', 'HEAD@{1}')
    r.run('-c', 'user.name=Bob', 'commit', '--quiet', '--amend', '--no-edit')
    expect(await code('HEAD')).toBe('ok')
  })

  test('carries its attestation in a note, which never replaces another', async () => {
    const commit = r.commit('b.txt', 'two\n')
    process.env.GIT_AUTHOR_NAME = process.env.GIT_COMMITTER_NAME = 'Ada'
    process.env.GIT_AUTHOR_EMAIL = process.env.GIT_COMMITTER_EMAIL = 'ada@example.org'
    const bundle = r.attestation()
    expect(noteCommit(r.git, 'HEAD', bundle)).toBe(commit)
    expect(await one('HEAD')).toMatchObject({ ok: true, commit })
    expect(() => noteCommit(r.git, 'HEAD', bundle)).toThrowWithCode('ARGUMENT_INVALID')
    expect(() => noteCommit(r.git, 'HEAD~1', bundle)).toThrowWithCode('DIGEST_OTHER')
  })

  test('is refused by role, by who set the task, by its key and by its time', async () => {
    expect(await code('HEAD', { role: 'authored' })).toBe('ROLE_TOO_LOW')
    expect(await code('HEAD', { independent: true })).toBe('ok')
    expect(await code('HEAD', { key: ['A'.repeat(43)] })).toBe('ISSUER_UNKNOWN')
    r.commit('c.txt', 'three\n')
    trailCommit(r.git, r.attestation('HEAD', 'directed'))
    expect(await code('HEAD')).toBe('ok')
    expect(await code('HEAD', { independent: true })).toBe('NOT_INDEPENDENT')
    writeFileSync(join(r.work, 'd.txt'), 'four\n')
    r.run('add', 'd.txt')
    r.run('commit', '--quiet', '-m', 'From later', '--date=2026-12-01T00:00:00Z')
    trailCommit(r.git, r.attestation())
    expect(await code('HEAD')).toBe('OLDER_THAN_OUTPUT')
    r.run('reset', '--quiet', '--hard', 'HEAD~1')
  })

  test('holds though git changes the line endings of its files at checkout', async () => {
    const checkedOut = (...options: string[]): string => {
      rmSync(join(r.work, 'a.txt'))
      r.run(...options, 'checkout', '--quiet', '--', 'a.txt')
      return readFileSync(join(r.work, 'a.txt'), 'utf8')
    }
    expect(checkedOut('-c', 'core.autocrlf=true')).toBe('one\r\n')
    expect(await code('HEAD')).toBe('ok')
    expect(checkedOut()).toBe('one\n')
    const range = await verifyCommits(r.git, 'HEAD~2..HEAD', trust())
    expect(range.map(({ ok }) => ok)).toEqual([true, true])
  })

  test('is read as it is, though somebody put a replacement in its place', async () => {
    const good = r.run('rev-parse', 'HEAD')
    const bad = r.commit('e.txt', 'five\n')
    r.run('replace', bad, good)
    expect(await code(bad)).toBe('ATTESTATION_MISSING')
    r.run('replace', '-d', bad)
    r.run('reset', '--quiet', '--hard', good)
  })
})

describe('a push', () => {
  const policy = (edit: object = {}) =>
    pushPolicySchema.parse({
      v: 1,
      refs: ['refs/heads/main', 'refs/heads/release/*'],
      keys: [r.world.kid],
      ...edit,
    })
  const judge = (pushed: Partial<PushedRef>[], edit: object = {}) =>
    judgePush(
      nodeCrypto,
      newHash,
      policy(edit),
      pushed.map((each) => ({ ref: 'refs/heads/main', from: null, to: null, ...each })),
      new Git(r.work),
    ).map((refusal) => refusal.code)
  const head = (revision: string) => r.run('rev-parse', revision)

  test('to a ref that is not protected is taken, and brings nothing in for one that is', () => {
    const from = head('HEAD')
    r.run('checkout', '--quiet', '-b', 'side')
    const to = r.commit('side.txt', 'by hand\n')
    // It is reached by a branch already, as after a push to it: main gains it all the same.
    expect(judge([{ ref: 'refs/heads/side', from, to }])).toEqual([])
    expect(judge([{ from, to }])).toEqual(['ATTESTATION_MISSING'])
    expect(judge([{ ref: 'refs/heads/release/1', to }], { refs: ['refs/heads/release/*'] })).toEqual([
      'ATTESTATION_MISSING',
    ])
    expect(judge([{ ref: 'refs/heads/release/1', to }])).toEqual(['ATTESTATION_MISSING'])
    expect(judge([{ from, to }], { since: [to] })).toEqual([])
    expect(judge([{ from, to }], { role: 'authored', since: [head('HEAD~1')] })).toEqual([
      'ATTESTATION_MISSING',
    ])
    r.run('checkout', '--quiet', 'main')
  })

  test('to a symbolic ref is one to the ref that it leads to', () => {
    const from = head('main')
    r.run('symbolic-ref', 'refs/heads/alias', 'refs/heads/main')
    r.run('symbolic-ref', 'refs/heads/again', 'refs/heads/alias')
    for (const ref of ['refs/heads/alias', 'refs/heads/again'])
      expect(judge([{ ref, from, to: head('side') }])).toEqual(['ATTESTATION_MISSING'])
    // What it leads to is not there: the push would make it.
    r.run('symbolic-ref', 'refs/heads/alias', 'refs/heads/release/next')
    for (const ref of ['refs/heads/alias', 'refs/heads/again'])
      expect(judge([{ ref, to: head('side') }])).toEqual(['ATTESTATION_MISSING'])
    r.run('symbolic-ref', 'refs/heads/alias', 'refs/heads/again')
    expect(() => judge([{ ref: 'refs/heads/alias', to: head('side') }])).toThrowWithCode('GIT_FAILED')
    r.run('symbolic-ref', '-d', 'refs/heads/again')
    r.run('symbolic-ref', '-d', 'refs/heads/alias')
  })

  test('of several refs judges each commit once, and bounds them all together', () => {
    const to = head('side')
    const three = [1, 2, 3].map((n) => ({ ref: `refs/heads/release/${n}`, to }))
    const at = { refs: ['refs/heads/release/*'] }
    const [only, ...more] = judge(three, at)
    expect([only, more]).toEqual(['ATTESTATION_MISSING', []])
    const commits = Number(r.run('rev-list', '--count', 'side'))
    expect(judge(three, { ...at, commits_max: commits })).toEqual(['ATTESTATION_MISSING'])
    const other = { ref: 'refs/heads/release/4', to: r.run('commit-tree', '-m', 'Alone', `${to}^{tree}`) }
    expect(judge([...three, other], { ...at, commits_max: commits })).toEqual(['PUSH_TOO_LARGE'])
    const many = Array.from({ length: 1001 }, (_, n) => ({ ref: `refs/heads/any/${n}`, to }))
    expect(judge(many)).toEqual(['PUSH_TOO_LARGE'])
  })

  test('is refused when git does not answer', () => {
    const folder = join(r.folder, 'slow')
    mkdirSync(folder)
    writeFileSync(join(folder, 'git'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 })
    const { PATH } = process.env
    process.env.PATH = `${folder}:${PATH ?? ''}`
    try {
      expect(() => new Git(r.work, 200).refs()).toThrowWithCode('GIT_FAILED')
    } finally {
      process.env.PATH = PATH
    }
  })

  test('that takes commits away, deletes, or leads to no commit is refused unless the policy allows it', () => {
    const from = head('main')
    const to = head('main~1')
    expect(judge([{ from, to }])).toEqual(['FORCED_PUSH'])
    expect(judge([{ from, to }], { force: 'allow' })).toEqual([])
    expect(judge([{ from }])).toEqual(['REF_DELETED'])
    expect(judge([{ from }], { delete: 'allow' })).toEqual([])
    expect(judge([{ from, to: head('main^{tree}') }])).toEqual(['NOT_A_COMMIT'])
    expect(judge([{ from, to: head('side') }], { commits_max: 1 })).toEqual(['ATTESTATION_MISSING'])
    expect(
      judge([{ ref: 'refs/heads/release/1', to: head('side') }], {
        refs: ['refs/heads/release/*'],
        commits_max: 3,
      }),
    ).toEqual(['PUSH_TOO_LARGE'])
  })

  test('of a merge wants the merge attested, unless it is clean and the policy takes those', () => {
    const from = head('main')
    r.run('checkout', '--quiet', '-b', 'attested-side', 'main~1')
    r.commit('f.txt', 'six\n')
    trailCommit(r.git, r.attestation())
    r.run('checkout', '--quiet', '-B', 'merged', 'main')
    r.run('merge', '--quiet', '--no-ff', '-m', 'Merge', 'attested-side')
    const clean = head('HEAD')
    expect(judge([{ from, to: clean }])).toEqual(['ATTESTATION_MISSING'])
    expect(judge([{ from, to: clean }], { merges: 'clean' })).toEqual([])
    writeFileSync(join(r.work, 'f.txt'), 'smuggled in the merge\n')
    r.run('commit', '--quiet', '--all', '--amend', '--no-edit')
    expect(judge([{ from, to: head('HEAD') }], { merges: 'clean' })).toEqual(['ATTESTATION_MISSING'])
    r.run('checkout', '--quiet', 'main')
  })

  test('of the notes only adds: none is deleted, rewritten or taken back', () => {
    const from = head(NOTES_REF)
    const refused = (to: string | null) => judge([{ ref: NOTES_REF, from, to }])
    expect(refused(null)).toEqual(['NOTES_REWRITTEN'])
    r.run('update-ref', 'refs/notes/other', from)
    r.run('notes', '--ref=refs/notes/other', 'add', '-m', 'another', 'main')
    expect(refused(head('refs/notes/other'))).toEqual([])
    const noted = r.git.notesOf(from).keys().next().value ?? ''
    r.run('notes', '--ref=refs/notes/other', 'add', '-f', '-m', 'changed', noted)
    expect(refused(head('refs/notes/other'))).toEqual(['NOTES_REWRITTEN'])
    expect(refused(head('main'))).toEqual(['NOTES_REWRITTEN'])
  })
})

describe('a bare repository with the hook', () => {
  const push = (...args: string[]) =>
    promisify(execFile)('git', ['push', '--quiet', 'origin', ...args], { cwd: r.work }).then(
      () => 'taken',
      (error: { stderr: string }) => error.stderr,
    )

  const install = (name: string, ...args: string[]): void => {
    const policy = join(r.folder, 'policy.json')
    writeFileSync(policy, JSON.stringify({ v: 1, refs: ['refs/heads/main'], keys: [r.world.kid] }))
    const run = [`'${process.execPath}' '${CLI}' attest hook --policy '${policy}'`, ...args].join(' ')
    writeFileSync(join(r.bare, 'hooks', name), `#!/bin/sh\nexec ${run}\n`, { mode: 0o755 })
  }
  beforeAll(() => install('pre-receive'))

  test('refuses an unattested push, and takes it once it is attested', async () => {
    expect(await push('side:refs/heads/main')).toMatch(/ATTESTATION_MISSING[^]*pre-receive hook declined/)
    expect(new Git(r.bare).refs().size).toBe(0)
    // Its commits are attested by trailers, and one by the note that the same push brings.
    expect(await push('main', NOTES_REF)).toBe('taken')
    expect([...new Git(r.bare).refs().keys()].sort()).toEqual(['refs/heads/main', NOTES_REF])
  })

  test('takes nothing under a policy that it cannot read', async () => {
    writeFileSync(
      join(r.folder, 'policy.json'),
      JSON.stringify({ v: 1, refs: ['main'], keys: [r.world.kid] }),
    )
    expect(await push('side:refs/heads/other')).toMatch(/HOOK_POLICY_INVALID/)
  })

  test('refuses one ref and takes another where it is an update hook, and sees notes that were pushed before', async () => {
    rmSync(join(r.bare, 'hooks', 'pre-receive'))
    install('update', '"$1"', '"$2"', '"$3"')
    r.run('checkout', '--quiet', 'main')
    const taken = () => new Git(r.bare).refs()
    const before = taken().get('refs/heads/main')
    const to = r.commit('g.txt', 'seven\n')
    expect(await push('main', 'main:refs/heads/free')).toMatch(/ATTESTATION_MISSING[^]*hook declined/)
    expect([taken().get('refs/heads/main'), taken().get('refs/heads/free')]).toEqual([before, to])
    noteCommit(r.git, 'HEAD', r.attestation())
    expect(await push('main')).toMatch(/ATTESTATION_MISSING/)
    expect(await push(NOTES_REF)).toBe('taken')
    expect(await push('main')).toBe('taken')
    expect(await push('+HEAD~1:refs/heads/main')).toMatch(/FORCED_PUSH/)
    const inBare = (...args: string[]) => execFileSync('git', args, { cwd: r.bare })
    inBare('config', 'receive.denyDeleteCurrent', 'ignore')
    expect(await push(':refs/heads/main')).toMatch(/REF_DELETED/)
    inBare('symbolic-ref', 'refs/heads/alias', 'refs/heads/main')
    r.commit('h.txt', 'eight\n')
    expect(await push('main:refs/heads/alias')).toMatch(/refs\/heads\/main \S+ ATTESTATION_MISSING/)
    expect(taken().get('refs/heads/main')).toBe(to)
  })
})
