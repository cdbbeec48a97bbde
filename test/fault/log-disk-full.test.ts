/**
 * A disk that fills up under database, tiles and lock, for real: a small file system of its own (ENOSPC) where the machine lets
 * us mount one. Writes fail with their codes, and once there is room again the log goes on where it was.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'

const worker = new URL('../fixtures/full-disk-worker.ts', import.meta.url).pathname
const mounts = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

test.skipIf(!mounts)(
  'a full disk loses nothing that was acknowledged, and the log goes on once there is room',
  async () => {
    const script = `mount -t tmpfs -o size=6m none /mnt && dd if=/dev/zero of=/mnt/ballast bs=1M count=3 status=none
    exec "$@"`
    const args = ['-rm', 'bash', '-c', script, 'bash', process.execPath, worker, '/mnt/data']
    const child = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const said: unknown[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(JSON.parse(line))
      if (said.length > 1) continue
      const enter = ['--preserve-credentials', '-U', '-m', '-t', String(child.pid)]
      expect(spawnSync('nsenter', [...enter, 'rm', '/mnt/ballast']).status).toBe(0)
      child.stdin.write('go\n')
    }
    if (child.exitCode === null) await once(child, 'exit')
    const [full, after] = said as [{ codes: string[]; acked: number; checkpoints: number }, unknown]
    expect(full.acked).toBeGreaterThan(100)
    expect(full.checkpoints).toBeGreaterThan(3)
    expect(full.codes.filter((code) => !/^(STORE|LOG)_UNAVAILABLE$/.test(code))).toEqual([])
    expect(full.codes.length).toBeGreaterThan(0)
    expect(after).toEqual({ faults: 0, stored: 16, lost: 0, twice: 0, public: true, consistent: true })
  },
  60_000,
)
