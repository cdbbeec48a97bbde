/** A tool server as a child process of the gateway. spec/gateway.md (GWH-6). @module */
import { spawn } from 'node:child_process'
import { FrameReader } from '../../src/enforce/adapters/mcp/frames.ts'
import { lineWriter } from './line-writer.ts'
import type { LinkEvents, ServerLink } from './server-link.ts'

/** How long a child may take to end by itself, and then by SIGTERM. */
const END_MS = 2000
/** What a child gets of our environment. What it needs besides stands in its settings: another server's secrets do not. */
const ENVIRONMENT =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|APPDATA|LOCALAPPDATA|PATHEXT|COMSPEC|USERPROFILE)$/i

export interface ChildSettings {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | undefined
}

export function baseEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => ENVIRONMENT.test(name)))
}

/** @param say told what the gateway says of it, and never a frame */
export function childLink(
  settings: ChildSettings,
  events: LinkEvents,
  say: (text: string) => void,
): ServerLink {
  const child = spawn(settings.command, settings.args, {
    env: { ...baseEnvironment(), ...settings.env },
    ...(settings.cwd === undefined ? {} : { cwd: settings.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
  })
  let hasEnded = false
  const end = (): void => {
    if (hasEnded) return
    hasEnded = true
    events.ended()
  }
  const frames = new FrameReader((frame) => events.frame(frame, null))
  child.stdout.on('data', (chunk: Uint8Array) => frames.push(chunk)).on('end', () => frames.end())
  child.stdin.on('error', () => undefined) // it is going: `close` says the rest
  child.stderr.pipe(process.stderr, { end: false })
  child.on('error', ({ code = 'fault' }: NodeJS.ErrnoException) => {
    say(`the tool server could not be started (${code})`)
    end()
  })
  child.on('close', end)
  // A grandchild may hold the pipes open for ever.
  child.on('exit', () => setTimeout(() => child.stdout.destroy(), END_MS).unref())
  const toChild = lineWriter(child.stdin)
  return {
    send: (line) => {
      if (!hasEnded) toChild.write(line)
    },
    settled: async () => {
      toChild.flush()
      if (!child.stdin.writableNeedDrain || hasEnded) return
      await new Promise<void>((resolve) => {
        child.stdin.once('drain', resolve)
        child.once('close', () => resolve())
      })
    },
    pause: () => void child.stdout.pause(),
    resume: () => void child.stdout.resume(),
    listen: async () => (hasEnded ? 404 : 200),
    abandon: () => undefined, // it was told by notifications/cancelled
    close: () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      toChild.flush()
      child.stdin.end()
      const steps = (['SIGTERM', 'SIGKILL'] as const).map((signal, step) =>
        setTimeout(() => child.kill(signal), END_MS * (step + 1)),
      )
      child.once('exit', () => steps.forEach(clearTimeout))
    },
  }
}
