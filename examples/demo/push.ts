/**
 * The scene about a push: a real git server with the hook refuses an agent's commit, and takes it once somebody has
 * looked at it and signed. spec/carriers.md (CAR-5, CAR-14, CAR-15).
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { release, type Guard } from 'countersign'
import { z } from 'zod'
import { attestOutput } from '../../apps/cli/operator-outputs.ts'
import { writePrivate, type Profile } from '../../apps/cli/profile.ts'
import { expectRole, look } from './look.ts'
import type { Narrator } from './narrator.ts'
import { CLI, runCli } from './processes.ts'
import { DemoFailed } from './scenes.ts'

const REF = 'refs/heads/main'
const AUTHOR = { name: 'letter-writer', email: 'letter-writer@agents.example' }
const keysSchema = z.object({ keys: z.array(z.object({ kid: z.string(), status: z.string() })) })

/** What the scene needs of the control plane, asked for only where there is a git. */
export interface Attesting {
  /** Thumbprints, brought before there is anything to verify. */
  readonly keys: () => Promise<readonly string[]>
  /** @param raw the commit as it is stored. @returns its attestation, once the agent may send it */
  readonly attest: (raw: string) => Promise<unknown>
}

/**
 * @param env of the machine
 * @returns whether the hook refused what had no attestation and took what had one; null where there is no git
 */
export async function playPush(
  folder: string,
  { keys, attest }: Attesting,
  tell: Narrator,
  env: NodeJS.ProcessEnv = process.env,
): Promise<boolean | null> {
  if (!(await hasGit(env))) {
    tell.step('git is not installed here: the scene about a gated push is skipped')
    return null
  }
  const repositories = await Repositories.make(folder, env)
  await repositories.gate(await keys())
  tell.step('a git server takes into main only what somebody has reviewed who did not set the task')
  const raw = await repositories.commit('refunds.txt', 'All 12 refunds are paid.\n')
  const refused = await repositories.push()
  if (refused === null || !refused.includes('ATTESTATION_MISSING'))
    throw new DemoFailed(`a push without an attestation was ${refused ?? 'taken'}`)
  const before = await repositories.served()
  tell.denied('the agent pushes its commit', ['ATTESTATION_MISSING'])
  await repositories.carry(await attest(raw))
  const fault = await repositories.push()
  if (fault !== null) throw new DemoFailed(`a push with an attestation was refused: ${fault}`)
  tell.allowed('the agent pushes it again, with the attestation in a trailer')
  return before === '' && (await repositories.served()) === (await repositories.head())
}

/** The agent's commit is held until the reviewer has looked at it and signed. */
export function reviewedBy(reviewer: Profile, guard: Guard, tell: Narrator): Attesting {
  return {
    keys: async () => {
      const { keys } = keysSchema.parse(await reviewer.client.get('/v1/public/issuer-keys'))
      return keys.filter(({ status }) => status === 'current').map(({ kid }) => kid)
    },
    attest: async (raw) => {
      const waits = Promise.withResolvers<string>()
      const answer = release(raw, {
        where: guard,
        kind: 'commit',
        form: 'git',
        onReview: ({ output }) => waits.resolve(output),
      })
      const held = await Promise.race([waits.promise, answer])
      if (typeof held !== 'string') throw new DemoFailed(`a commit was not held: ${JSON.stringify(held)}`)
      await look(reviewer, held, raw)
      const { outcome, bundle } = await attestOutput(reviewer, held)
      if (outcome !== 'issued') throw new DemoFailed(`a review was ${outcome}`)
      expectRole(await answer, 'supervised', 'the reviewer looks at the commit, and signs', tell)
      return bundle
    },
  }
}

async function hasGit(env: NodeJS.ProcessEnv): Promise<boolean> {
  return promisify(execFile)('git', ['--version'], { env }).then(
    () => true,
    () => false,
  )
}

/** The agent's own, and the server's. */
class Repositories {
  readonly #folder: string
  readonly #work: string
  readonly #bare: string
  readonly #env: NodeJS.ProcessEnv

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#work = join(folder, 'work')
    this.#bare = join(folder, 'server.git')
    // Neither the settings of who runs this, nor a repository from whose hook it is run.
    const kept = Object.entries(env).filter(([name]) => !name.toUpperCase().startsWith('GIT_'))
    this.#env = {
      ...Object.fromEntries(kept),
      GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: AUTHOR.name,
      GIT_AUTHOR_EMAIL: AUTHOR.email,
      GIT_COMMITTER_NAME: AUTHOR.name,
      GIT_COMMITTER_EMAIL: AUTHOR.email,
    }
  }

  static async make(under: string, env: NodeJS.ProcessEnv): Promise<Repositories> {
    const folder = join(under, 'git')
    await mkdir(folder)
    await writeFile(join(folder, 'gitconfig'), '')
    const made = new Repositories(folder, env)
    await made.#git(folder, 'init', '--quiet', '--bare', made.#bare)
    await made.#git(folder, 'init', '--quiet', made.#work)
    return made
  }

  /** @param keys of the issuer */
  async gate(keys: readonly string[]): Promise<void> {
    const policy = join(this.#folder, 'policy.json')
    const rules = { v: 1, refs: [REF], keys, role: 'supervised', independent: true }
    await writeFile(policy, JSON.stringify(rules))
    const command = [process.execPath, CLI, 'attest', 'hook', '--policy', policy].map(quoted).join(' ')
    const hook = join(this.#bare, 'hooks', 'pre-receive')
    await mkdir(join(this.#bare, 'hooks'), { recursive: true })
    await writeFile(hook, `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 })
  }

  /** @returns the commit, as it is stored */
  async commit(name: string, content: string): Promise<string> {
    await writeFile(join(this.#work, name), content)
    await this.#git(this.#work, 'add', name)
    await this.#git(this.#work, '-c', 'commit.gpgsign=false', 'commit', '--quiet', '-m', 'Report the refunds')
    return this.#git(this.#work, 'cat-file', 'commit', 'HEAD')
  }

  async carry(bundle: unknown): Promise<void> {
    const file = join(this.#folder, 'commit.attestation.json')
    await writePrivate(file, bundle)
    const at = { cwd: this.#work, env: this.#env }
    const { code, value } = await runCli(['attest', 'trailer', '--attestation', file], at)
    if (code !== 0) throw new DemoFailed(`the commit took no attestation: ${JSON.stringify(value)}`)
  }

  /** @returns null: taken; otherwise what the server said */
  async push(): Promise<string | null> {
    return this.#git(this.#work, 'push', '--quiet', this.#bare, `HEAD:${REF}`).then(
      () => null,
      (error: { stderr: string }) => error.stderr,
    )
  }

  async head(): Promise<string> {
    return (await this.#git(this.#work, 'rev-parse', 'HEAD')).trim()
  }

  /** What the server has at its ref; nothing where it has none. */
  async served(): Promise<string> {
    return (await this.#git(this.#bare, 'for-each-ref', '--format=%(objectname)', REF)).trim()
  }

  async #git(cwd: string, ...args: string[]): Promise<string> {
    return (await promisify(execFile)('git', args, { cwd, env: this.#env })).stdout
  }
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}
