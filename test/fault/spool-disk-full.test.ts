/**
 * A disk that fills up under the spool, for real: a file size limit (EFBIG) in a child process, for anyone; a small
 * file system of its own (ENOSPC) where the machine lets us mount one.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openFsSpool } from '../../src/adapters/fs/spool.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

/** Appends until it fails, waits for `go` on stdin, then appends once more; prints what happened as JSON. */
const CHILD = `
  const [adapter, dir, bytesMax] = process.argv.slice(1)
  const { openFsSpool } = await import(adapter)
  const { createHash } = await import('node:crypto')
  const spool = await openFsSpool(dir, Number(bytesMax))
  await spool.begin(1)
  const record = (seq) => {
    const text = JSON.stringify({ seq, pad: 'x'.repeat(700) })
    return { seq, hash: createHash('sha256').update(text).digest('base64url'), text }
  }
  let seq = 0
  const fill = async () => {
    for (;;) {
      try { await spool.append(record(seq + 1)); seq++ } catch (error) { return error.code }
      if (seq > 5000) return 'never full'
    }
  }
  const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n')
  say({ code: await fill(), again: await fill(), seq, position: spool.position.seq })
  await new Promise((resolve) => process.stdin.once('data', resolve))
  try { await spool.append(record(seq + 1)); seq++ } catch (error) { say({ error: error.code }) }
  const all = []
  for (let batch; (batch = await spool.read(all.length, 100)).length > 0;) all.push(...batch)
  say({ seq, read: all.length, good: all.every((each, i) => each.text === record(i + 1).text) })
  await spool.close()
  process.exit()
`

const adapter = new URL('../../src/adapters/fs/spool.ts', import.meta.url).href

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'countersign-full-'))
  folders.push(made)
  return made
}

interface Said {
  readonly full: { code: string; again: string; seq: number; position: number }
  readonly after: { seq: number; read: number; good: boolean }
}

/** @param shell runs `"$@"` under the limit @param free makes room again, given the pid of the child */
async function run(shell: string, dir: string, bytesMax: number, free: (pid: number) => void): Promise<Said> {
  const args = [process.execPath, '--input-type=module', '-e', CHILD, adapter, dir, String(bytesMax)]
  const child = spawn('bash', ['-c', shell, 'bash', ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  let text = ''
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const whole = text.split('\n')
    text = whole.pop() ?? ''
    lines.push(...whole)
    if (lines.length === 1 && whole.length > 0) {
      free(child.pid!)
      child.stdin.write('go\n')
    }
  })
  await closed
  expect(lines).toHaveLength(2)
  return { full: JSON.parse(lines[0]!), after: JSON.parse(lines[1]!) }
}

/** What a spool does that filled up and got room again, and where it stands when it is opened once more. */
async function outcomeOf({ full, after }: Said, dir: string): Promise<unknown> {
  const spool = await openFsSpool(dir)
  const { position } = spool
  await spool.close()
  const seq = typeof position === 'object' ? position?.seq : position
  const stored = after.seq - full.seq
  return {
    codes: [full.code, full.again],
    some: full.seq > 3,
    stored,
    good: after.good,
    same: [full.position - full.seq, after.read - after.seq, Number(seq) - after.seq],
  }
}

const KEPT = { codes: ['SPOOL_FULL', 'SPOOL_FULL'], some: true, stored: 1, good: true, same: [0, 0, 0] }

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0

test.skipIf(!hasPrlimit)(
  'a write past the limit stores nothing, and the next one after it works',
  async () => {
    const dir = await folder()
    // A soft limit, which an ordinary user may raise again; the odd size cuts a record in the middle.
    const said = await run('ulimit -S -f 9; exec "$@"', dir, 1024 ** 3, (pid) => {
      expect(spawnSync('prlimit', ['--pid', String(pid), '--fsize=unlimited:']).status).toBe(0)
    })
    expect(await outcomeOf(said, dir)).toEqual(KEPT)
  },
)

const mounts = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

test.skipIf(!mounts)(
  'a disk that is full stores nothing, and takes records again once there is room',
  async () => {
    const dir = await folder()
    // The file system is the child's alone: its files are copied out before it goes.
    const script = `mount -t tmpfs -o size=256k none /mnt && dd if=/dev/zero of=/mnt/ballast bs=64k count=1 status=none
    node=$1 a=$2 b=$3 c=$4 adapter=$5 out=$6 max=$7
    "$node" "$a" "$b" "$c" "$adapter" /mnt/spool "$max"; cp /mnt/spool/spool-* "$out"`
    const said = await run(`exec unshare -rm bash -c '${script}' bash "$@"`, dir, 1024 ** 3, (pid) => {
      spawnSync('nsenter', ['--preserve-credentials', '-U', '-m', '-t', String(pid), 'rm', '/mnt/ballast'])
    })
    expect(await outcomeOf(said, dir)).toEqual(KEPT)
  },
)
