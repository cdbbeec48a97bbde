/**
 * What goes wrong outside of us: each fault has its own stable code and says what to do, the process stays up or stops
 * cleanly, nothing acknowledged is lost, and no key or token is ever said.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { spawnSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { enroll, invite } from '../../apps/cli/operator.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { ApiError } from '../../src/adapters/http/client.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { newId } from '../../src/core/ids.ts'
import type { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import type { DecisionReceipt } from '../../src/log/receipt.ts'
import { draftRoot, sealRoot, type RootInput } from '../../src/token/issue.ts'
import {
  CLI,
  McpProcess,
  Process,
  RpcFault,
  runCli,
  gatewayArgs,
  startControlPlane,
  startGateway,
  until,
} from '../fixtures/processes.ts'
import { callTool, ECHO_GRANT, echoesOf, receiptsOf, Stage, type StagedPoint } from '../fixtures/stage.ts'

/** Processes start one after the other, on a machine that others use too. */
vi.setConfig({ testTimeout: 150_000 })

const hasTool = (name: string): boolean => spawnSync(name, ['--version']).status === 0
/** A JWT or a disclosure, or the private half of a JWK. */
const SECRET = /eyJ[\w-]{10,}|"d" ?:/

let stage: Stage
let point: StagedPoint
let chain = ''
let folder = ''
const running: Process[] = []
/** By gateways, on stderr. */
const said: string[] = []

beforeAll(async () => {
  stage = await Stage.set()
  point = await stage.point('gateway')
  ;({ chain } = await stage.delegate(point))
  folder = await mkdtemp(join(tmpdir(), 'countersign-bad-input-'))
}, 60_000)

afterEach(async () => {
  for (const each of running.splice(0)) {
    if (each instanceof McpProcess) each.child.stdin.end()
    else await each.end('SIGTERM')
    await each.ended
    said.push(each.stderr)
  }
})

afterAll(async () => {
  await stage.remove()
  await rm(folder, { recursive: true, force: true })
})

const echoes = (): string => join(stage.folder, 'echoes')

async function gateway(): Promise<McpProcess> {
  const started = await startGateway(point.path, echoes())
  running.push(started)
  return started
}

async function open(): Promise<{ gateway: McpProcess; session: CountersignMcpSession }> {
  const started = await gateway()
  return { gateway: started, session: await stage.open(started, chain) }
}

/** The fault of a request that must be refused. */
async function refusalOf(request: Promise<unknown>): Promise<RpcFault> {
  const fault: unknown = await request.then(
    () => null,
    (error: unknown) => error,
  )
  if (fault instanceof RpcFault) return fault
  throw new Error('the request was not refused', { cause: fault })
}

interface CliFault {
  readonly code: number
  readonly error: { readonly code: string; readonly message: string }
}

async function cliFault(args: readonly string[]): Promise<CliFault> {
  const { code, stdout, stderr } = await runCli(['--json', ...args])
  expect(stdout + stderr).not.toMatch(SECRET)
  const schema = z.strictObject({
    ok: z.literal(false),
    error: z.strictObject({ code: z.string(), message: z.string() }),
  })
  return { code, error: schema.parse(JSON.parse(stdout)).error }
}

describe('a presentation that is no good', () => {
  /** A root by the control plane's own issuer key: what a wrong clock there would issue. */
  async function issued(edit: Partial<RootInput>): Promise<string> {
    const issuer = crypto.signer(
      JSON.parse(await readFile(join(stage.dataDir, 'keys', 'issuer.jwk'), 'utf8')) as PrivateJwk,
    )
    const rp = point.file.trust
    const principal = softwareAuthenticator(crypto, crypto.generateKey('ES256'), {
      rp_id: rp.rp_id,
      origin: rp.origins[0] ?? '',
    })
    const now = Math.floor(Date.now() / 1000)
    const rev = newId(crypto, 'rev', Date.now())
    const draft = draftRoot(crypto, issuer, {
      iss: rp.iss,
      aud: [point.id],
      iat: now,
      nbf: now,
      exp: now + 600,
      jti: newId(crypto, 'dlg', Date.now()),
      rev: [rev],
      holder: stage.agent.holder.publicJwk,
      agent: { id: stage.agent.id, class: 'assistant', manifest: 'A'.repeat(43) },
      amr: ['swk'],
      auth_time: now,
      grants: [ECHO_GRANT],
      depth_max: 0,
      ...edit,
    })
    const gesture = { rev, role: 'principal', jwk: principal.jwk, registration: 1 } as const
    return sealRoot(crypto, issuer, rp, draft, [{ ...gesture, ...principal.assert(draft.challenge) }])
  }

  /** The start of a second, so that what lies 61 s ahead of it still does when it is looked at. */
  const inSeconds = async (s: number): Promise<number> => {
    await until('the start of a second', () => Date.now() % 1000 < 200)
    return Math.floor(Date.now() / 1000) + s
  }

  test('is refused with its own code, is recorded, and costs the gateway nothing', async () => {
    const started = await gateway()
    const codeOf = async (presentation: string): Promise<string> => {
      const { code, reasons, message } = await refusalOf(
        started.request('countersign/open', { presentation }),
      )
      expect(code).toBe(-32001)
      expect(message).toMatch(new RegExp(`^${reasons[0]}: .+What to do: `))
      expect(message).not.toMatch(SECRET)
      return reasons.join()
    }
    const openedWith = async (given: string): Promise<string> =>
      (await refusalOf(stage.open(started, given))).reasons.join()

    expect(await codeOf('not a token')).toBe('TOKEN_MALFORMED')
    expect(await codeOf(`${chain.slice(0, 200)}~`)).toBe('TOKEN_MALFORMED')
    expect(await codeOf('a'.repeat(64 * 1024))).toBe('TOKEN_MALFORMED')
    expect(await codeOf('a'.repeat(64 * 1024 + 1))).toBe('TOKEN_TOO_LARGE')
    const root = chain.slice(0, -1)
    expect(await codeOf(`${[root, ...Array<string>(8).fill('a.b.c')].join('~~')}~`)).toBe('TOKEN_MALFORMED')
    expect(await codeOf(`${[root, ...Array<string>(9).fill('a.b.c')].join('~~')}~`)).toBe('DEPTH_EXCEEDED')
    const other = await stage.point('other')
    expect(await openedWith((await stage.delegate(other)).chain)).toBe('AUDIENCE_MISMATCH')
    expect(await openedWith(await issued({ iat: await inSeconds(61) }))).toBe('CLOCK_SKEW')
    const nbf = await inSeconds(61)
    expect(await openedWith(await issued({ nbf }))).toBe('NOT_YET_VALID')
    await stage.open(started, await issued({ iat: await inSeconds(60), nbf: await inSeconds(60) }))

    const session = await stage.open(started, chain)
    expect(await callTool(started, session, 'echo', 'after bad tokens').answer).toMatchObject({
      allowed: true,
    })
    started.child.stdin.end()
    expect(await started.ended).toEqual({ code: 0, signal: null })
    const denied = (await receiptsOf(stage, point)).filter((each) => each.kind === 'decision')
    expect(denied.flatMap(({ reasons }) => reasons)).toEqual([
      'TOKEN_MALFORMED',
      'TOKEN_MALFORMED',
      'TOKEN_MALFORMED',
      'TOKEN_TOO_LARGE',
      'TOKEN_MALFORMED',
      'DEPTH_EXCEEDED',
      'AUDIENCE_MISMATCH',
      'CLOCK_SKEW',
      'NOT_YET_VALID',
    ])
  })
})

describe('a frame that is no MCP message', () => {
  test('is answered with an error that says what is wrong; the server never sees it and the gateway goes on', async () => {
    const { gateway: started, session } = await open()
    const answerTo = async (line: string): Promise<string> => {
      started.nameless.length = 0
      started.write(line)
      const { error } = await until('an answer', () => started.nameless[0])
      return JSON.stringify(error)
    }
    const call = '"method":"tools/call","params":{"name":"echo","arguments":{"text":"smuggled"}}'
    expect(await answerTo('hello')).toMatch(/-32700.*not JSON/)
    expect(await answerTo('{"hello":1}')).toMatch(/-32600.*not a JSON-RPC 2.0 message/)
    expect(await answerTo(`[{"jsonrpc":"2.0","id":901,${call}}]`)).toMatch(/-32600.*batches are refused/)
    expect(await answerTo(`{"jsonrpc":"2.0","id":902,"id":903,${call}}`)).toMatch(/-32600.*duplicate/i)
    const filler = 'x'.repeat(4 * 1024 * 1024)
    expect(await answerTo(`{"jsonrpc":"2.0","id":904,"x":"${filler}",${call}}`)).toMatch(
      /-32600.*over the limit/,
    )

    expect(await callTool(started, session, 'echo', 'after bad frames').answer).toMatchObject({
      allowed: true,
    })
    expect((await echoesOf(echoes())).map(({ text }) => text)).not.toContain('smuggled')
  })
})

describe('a tool server that dies in mid-call', () => {
  test('the client gets an error, the outcome is unknown, and the gateway ships it and goes', async () => {
    const { gateway: started, session } = await open()
    const { args_commit, answer } = callTool(started, session, 'die', 'last words')
    expect(await refusalOf(answer)).toMatchObject({ code: -32003, message: 'tool server ended' })
    expect(await started.ended).toEqual({ code: 137, signal: null })
    expect(started.stderr).toContain('the tool server ended (SIGKILL)')
    const receipts = await receiptsOf(stage, point)
    const allow = receipts.find((each) => each.kind === 'decision' && each.args_commit === args_commit)
    expect(allow).toMatchObject({ decision: 'allow' })
    expect(receipts.at(-1)).toMatchObject({ kind: 'outcome', action: allow?.action, outcome: 'unknown' })
  })
})

describe.skipIf(!hasTool('prlimit'))('a disk that is full for the spool (here: the limit of a file)', () => {
  test('calls are denied NOT_RECORDED and do not run; once there is space, they work again', async () => {
    const { gateway: started, session } = await open()
    expect(await callTool(started, session, 'echo', 'before').answer).toMatchObject({ allowed: true })
    const spool = join(stage.folder, `${point.id}.spool`)
    const [file = ''] = (await readdir(spool))
      .filter((name) => name.endsWith('.log'))
      .sort()
      .slice(-1)
    const limit = (bytes: string): void => {
      const { status } = spawnSync('prlimit', ['--pid', String(started.child.pid), `--fsize=${bytes}:`])
      expect(status).toBe(0)
    }
    const records = async (): Promise<Buffer> => {
      const bytes = await readFile(join(spool, file))
      return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1) // behind them are zeros, for those to come
    }
    await until('the outcome is recorded', async () =>
      (await records()).toString().trimEnd().split('\n').at(-1)?.includes('"outcome"'),
    )
    // Enough for half of a record.
    limit(String((await records()).length + 300))
    for (const text of ['full 1', 'full 2']) {
      const answer = await callTool(started, session, 'echo', text).answer
      expect(answer).toMatchObject({ allowed: false, reasons: ['NOT_RECORDED'] })
    }
    expect(started.stderr).toContain('the spool could not be written')
    limit('unlimited')
    expect(await callTool(started, session, 'echo', 'after').answer).toMatchObject({ allowed: true })
    const texts = (await echoesOf(echoes())).map(({ text }) => text)
    expect(texts).toEqual(expect.arrayContaining(['before', 'after']))
    expect(texts.filter((text) => text.startsWith('full'))).toEqual([])
    started.child.stdin.end()
    expect(await started.ended).toEqual({ code: 0, signal: null })
    const seqs = (await receiptsOf(stage, point)).map(({ seq }) => seq)
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1))
  })
})

describe('a gateway that cannot start', () => {
  const start = (path: string): Process => {
    const started = new Process(process.execPath, gatewayArgs(path, echoes()))
    running.push(started)
    return started
  }

  /** A copy of the enrolment file with something else in it. */
  async function altered(edit: object): Promise<string> {
    const path = join(await mkdtemp(join(folder, 'point-')), 'point.json')
    await writeFile(path, JSON.stringify({ ...point.file, ...edit }))
    return path
  }

  test('says which enrolment file is missing or malformed', async () => {
    for (const [path, why] of [
      [join(folder, 'missing.json'), 'does not exist: check the name'],
      [await altered({ trust: {} }), 'is not an enrolment file'],
    ] as const) {
      const started = start(path)
      expect(await started.ended).toEqual({ code: 1, signal: null })
      expect(started.stderr).toContain(`POINT_FILE_INVALID: ${path} ${why}`)
      expect(started.lines).toEqual([])
    }
  })

  test('says that the control plane is away', async () => {
    const started = start(await altered({ control_plane: 'http://127.0.0.1:1' }))
    expect(await started.ended).toEqual({ code: 1, signal: null })
    expect(started.stderr).toMatch(
      /CONTROL_PLANE_AWAY: the control plane at http:\/\/127.0.0.1:1 does not answer/,
    )
  })

  test('says that the control plane does not know its key, not that it is away', async () => {
    const started = start(await altered({ key: crypto.generateKey('Ed25519') }))
    expect(await started.ended).toEqual({ code: 1, signal: null })
    expect(started.stderr).toMatch(/AUTH_KEY_UNKNOWN/)
  })

  test('says who else uses the spool', async () => {
    const first = await gateway()
    const second = start(point.path)
    expect(await second.ended).toEqual({ code: 1, signal: null })
    expect(second.stderr).toContain(`SPOOL_LOCKED: process ${first.child.pid} uses this spool`)
  })
})

describe('a control plane that is away while the gateway runs', () => {
  test('calls pass until the bound and not after it, and again once it is back', async () => {
    const { gateway: started, session } = await open()
    const { bound_ms } = point.file
    expect(await callTool(started, session, 'echo', 'fresh').answer).toMatchObject({ allowed: true })
    await stage.control.process.end('SIGTERM')
    const away_at = performance.now()
    let allowed = 0
    let lastAllowed_ms = 0
    for (;;) {
      const sent_ms = performance.now() - away_at
      const answer = await callTool(started, session, 'echo', `away ${allowed}`).answer
      if (!answer.allowed) {
        expect(answer.reasons).toEqual(['STALE_REVOCATION'])
        break
      }
      allowed++
      lastAllowed_ms = sent_ms
    }
    expect(allowed).toBeGreaterThan(0)
    expect(lastAllowed_ms).toBeLessThanOrEqual(bound_ms)
    expect(await callTool(started, session, 'echo', 'stale').answer).toMatchObject({ allowed: false })

    await stage.restart()
    await until(
      'allowed again',
      async () => (await callTool(started, session, 'echo', 'back').answer).allowed,
    )
    started.child.stdin.end()
    await started.ended
    const decisions = (await receiptsOf(stage, point)).filter(
      (each): each is DecisionReceipt => each.kind === 'decision',
    )
    const takenBack = new Set(
      decisions.filter((each) => each.decision === 'deny').map(({ action }) => action),
    )
    const ages = decisions
      .filter(({ decision, action }) => decision === 'allow' && !takenBack.has(action))
      .map(({ freshness }) => freshness?.age_ms ?? Number.POSITIVE_INFINITY)
    expect(ages.length).toBeGreaterThan(allowed)
    expect(Math.max(...ages)).toBeLessThanOrEqual(bound_ms)
    const texts = (await echoesOf(echoes())).map(({ text }) => text)
    expect(texts.filter((text) => text.startsWith('away'))).toHaveLength(allowed)
    expect(texts).not.toContain('stale')
  })

  test('one that hangs is as good as away, and what was recorded meanwhile is not lost', async () => {
    const { gateway: started, session } = await open()
    stage.control.process.child.kill('SIGSTOP')
    try {
      const reasons = await until('a denial', async () => {
        const answer = await callTool(started, session, 'echo', 'hung').answer
        return answer.allowed ? null : answer.reasons
      })
      expect(reasons).toEqual(['STALE_REVOCATION'])
    } finally {
      stage.control.process.child.kill('SIGCONT')
    }
    const { args_commit } = await until('allowed again', async () => {
      const call = callTool(started, session, 'echo', 'woken')
      return (await call.answer).allowed ? call : null
    })
    started.child.stdin.end()
    expect(await started.ended).toEqual({ code: 0, signal: null })
    const commits = (await receiptsOf(stage, point)).map((each) =>
      each.kind === 'decision' ? each.args_commit : null,
    )
    expect(commits).toContain(args_commit)
  })
})

describe('a control plane that cannot start', () => {
  const start = (...args: readonly string[]): Promise<CliFault> => cliFault(['start', '--port', '0', ...args])
  const digest = async (path: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex')

  async function dataWith(make: (path: string) => Promise<void> | void): Promise<[data: string, db: string]> {
    const data = join(await mkdtemp(join(folder, 'data-')), 'data')
    await mkdir(data)
    const db = join(data, 'countersign.db')
    await make(db)
    return [data, db]
  }

  test.each([
    ['a text', (path: string): Promise<void> => writeFile(path, 'Dear diary, this is no database at all.')],
    [
      'a database of another program',
      (path: string): void => {
        const other = new DatabaseSync(path)
        other.exec("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')")
        other.close()
      },
    ],
  ])('leaves %s as it is', async (_, make) => {
    const [data, db] = await dataWith(make)
    const before = { sha256: await digest(db), mode: (await stat(db)).mode }
    const { code, error } = await start('--data', data)
    expect(code).toBe(1)
    expect(error.code).toBe('STORE_NOT_OURS')
    expect(error.message).toContain('choose an empty data directory')
    expect({ sha256: await digest(db), mode: (await stat(db)).mode }).toEqual(before)
    expect((await readdir(data)).filter((name) => name.startsWith('countersign.db-'))).toEqual([])
  })

  test('says that the port is taken, and what to do; that start leaves nothing behind', async () => {
    const taken: Server = createServer().listen(0, '127.0.0.1')
    const data = join(folder, 'port')
    try {
      await until('listening', () => taken.listening)
      const { port } = taken.address() as AddressInfo
      const { code, error } = await start('--data', data, '--port', String(port))
      expect(code).toBe(1)
      expect(error).toEqual({
        code: 'PORT_IN_USE',
        message: `another process listens on 127.0.0.1:${port}: stop it, or choose another port`,
      })
      // No place of passkeys above all: it would be that of the other process's port, for ever.
      expect(existsSync(data)).toBe(false)
    } finally {
      taken.close()
    }
  })

  test('gives another secret at each start before the first person, and none after', async () => {
    const data = join(folder, 'secrets')
    const lives = [await startControlPlane(data)]
    try {
      await lives[0]?.process.end('SIGKILL')
      lives.push(await startControlPlane(data))
      const [earlier, later] = lives.map(({ bootstrap_secret }) => bootstrap_secret ?? '')
      const { url } = lives[1] ?? stage.control
      await expect(enroll(url, earlier ?? '', 'Thief')).rejects.toMatchObject({ remote: 'SECRET_INVALID' })
      await enroll(url, later ?? '', 'First')
      await lives[1]?.process.end('SIGTERM')
      lives.push(await startControlPlane(data))
      expect(lives[2]?.bootstrap_secret).toBeNull()
    } finally {
      for (const life of lives) await life.process.end('SIGTERM')
    }
  })

  test('says who signs the log already', async () => {
    const { code, error } = await start('--data', stage.dataDir)
    expect(code).toBe(1)
    expect(error.code).toBe('LOG_LOCKED')
    expect(error.message).toContain(`process ${stage.control.process.child.pid} signs this log`)
    expect(stage.control.process.isRunning).toBe(true)
  })
})

describe('a request that is no good', () => {
  test('is refused with a stable code, and the control plane stays up', async () => {
    const { client } = stage.manager
    const post = (body: string): Promise<Response> =>
      client.send('POST', '/v1/people', body, AbortSignal.timeout(5000))
    for (const body of ['not json', '{"name":"a","name":"b"}', '{"name":', '']) {
      const response = await post(body)
      const { error } = z
        .object({ error: z.object({ code: z.string(), message: z.string().min(10) }) })
        .parse(await response.json())
      expect([response.status, error.code]).toEqual([
        400,
        expect.stringMatching(/^(BODY_NOT_JSON|JSON_DUPLICATE_KEY|REQUEST_INVALID)$/),
      ])
    }
    const tooLarge = await post(JSON.stringify({ name: 'x'.repeat(300_000) }))
    expect(tooLarge.status).toBe(413)
    await expect(client.get('/v1/agents/agt_00000000000000000000000000/approval')).rejects.toMatchObject({
      status: 404,
      remote: 'UNKNOWN_AGENT',
    } satisfies Partial<ApiError>)
    expect(await client.get('/v1/systems')).toMatchObject({ systems: [{ name: 'Echoes' }] })
    expect(stage.control.process.output.replace(/"bootstrap_secret":"[^"]*"/, '')).not.toMatch(SECRET)
  })
})

describe('the command line', () => {
  test('exits 2 for usage errors, and says them as JSON when asked', async () => {
    for (const args of [['bogus'], ['start', '--port', '99999'], ['verify'], ['revoke', 'nobody']]) {
      const text = await runCli(['--profile', stage.profileDir, ...args])
      expect([args, text.code, text.stdout]).toEqual([args, 2, ''])
      expect(text.stderr).toMatch(/^error/)
      const json = await cliFault(['--profile', stage.profileDir, ...args])
      expect([args, json.code]).toEqual([args, 2])
      expect(json.error.code).toMatch(/^(USAGE|ARGUMENT_INVALID)$/)
      expect(json.error.message).not.toBe('')
    }
  })

  test('says a missing command and a half-given option as one JSON value, with nothing beside it', async () => {
    for (const args of [['agent'], ['start', '--rp-id', 'a.example'], ['start', '--separation', 'maybe']]) {
      const { code, stdout, stderr } = await runCli(['--json', ...args])
      expect([args, code]).toEqual([args, 2])
      const { message } = z
        .object({ error: z.object({ message: z.string() }) })
        .parse(JSON.parse(stdout)).error
      expect(message).not.toMatch(/^error|outputHelp/)
      expect(stderr).not.toContain('run with --help')
    }
  })

  test('does nothing at the control plane whose only result could not be written', async () => {
    const key = join(folder, 'holder.json')
    const grants = join(folder, 'echo.json')
    const taken = join(folder, 'taken')
    await writeFile(key, JSON.stringify(stage.agent.holder.publicJwk))
    await writeFile(grants, JSON.stringify([ECHO_GRANT]))
    await writeFile(taken, 'mine')
    const { client } = stage.manager
    const { invitation } = await invite(stage.manager, 'Somebody')
    const { size } = z.object({ size: z.int() }).parse(await client.get('/v1/entries?limit=1'))
    const to = (out: string): string[] => ['--key', key, '--point', point.id, '--grants', grants, '-o', out]
    const profile = ['--profile', stage.profileDir]
    const secret = ['--url', stage.control.url, '--secret', invitation]
    for (const args of [
      [...profile, 'enroll', ...secret],
      [...profile, 'delegate', stage.agent.id, ...to(taken)],
      [...profile, 'delegate', stage.agent.id, ...to(join(folder, 'nowhere', 'chain'))],
      [...profile, 'point', 'enroll', 'second', '--server', 'echo', '-o', taken],
      [...profile, 'evidence', 'build', '--from', '2026-01-01T00:00:00Z', '-o', taken],
    ]) {
      expect([args, await cliFault(args)]).toMatchObject([
        args,
        { code: 1, error: { code: 'FILE_UNWRITABLE' } },
      ])
    }
    expect(await readFile(taken, 'utf8')).toBe('mine')
    expect(await client.get('/v1/entries?limit=1')).toMatchObject({ size })
    const fresh = await runCli(['--profile', join(folder, 'somebody'), 'enroll', ...secret])
    expect([fresh.code, fresh.stderr]).toEqual([0, ''])
  })

  test('says which file is no key and which holds no JSON, and exits 2', async () => {
    const list = join(folder, 'list.json')
    const text = join(folder, 'text')
    await writeFile(list, '[]')
    await writeFile(text, 'not JSON')
    const profile = ['--profile', stage.profileDir]
    const tool = ['tool', 'register', 'x', '--system', 'sys_x', '--server', 'echo', '--definition', 'x']
    for (const args of [
      ['agent', 'statement', stage.agent.id, '--key', list],
      ['delegate', stage.agent.id, '--key', list, '--point', point.id, '--grants', list, '-o', text],
      [...tool, '--measures', text],
    ]) {
      const { code, error } = await cliFault([...profile, ...args])
      expect([args, code, error.code]).toEqual([args, 2, 'ARGUMENT_INVALID'])
    }
  })

  test('exits 1 for faults, with a stable code', async () => {
    const files = { key: join(folder, 'agent.json'), grants: join(folder, 'grants.json') }
    await writeFile(files.key, JSON.stringify(stage.agent.holder.publicJwk))
    await writeFile(files.grants, JSON.stringify([ECHO_GRANT]))
    const profile = ['--profile', stage.profileDir]
    const since = ['--from', '2026-01-01T00:00:00Z']
    const delegate = ['delegate', 'agt_00000000000000000000000000', '--point', point.id, '--key', files.key]
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['UNKNOWN_AGENT', [...profile, ...delegate, '--grants', files.grants, '-o', join(folder, 'chain')]],
      ['NO_PROFILE', ['--profile', join(folder, 'nobody'), 'person', 'list']],
      ['FILE_UNREADABLE', ['verify', join(folder, 'no.zip'), '--key', stage.control.vkey]],
      ['FILE_UNWRITABLE', [...profile, 'evidence', 'build', ...since, '-o', join(folder, 'no', 'pack.zip')]],
      ['PACK_ARCHIVE_INVALID', ['verify', files.key, '--key', stage.control.vkey]],
    ]
    for (const [expected, args] of cases) {
      const { code, error } = await cliFault(args)
      expect([code, error.code]).toEqual([1, expected])
      expect(error.message.length).toBeGreaterThan(10)
    }
  })

  test.skipIf(!hasTool('script'))('colours on a terminal only, and never against NO_COLOR', async () => {
    const onTerminal = (env: NodeJS.ProcessEnv): string => {
      const command = `"${process.execPath}" "${CLI}" verify /nonexistent --key x`
      // A build server's environment says of itself that it has no colours: what a person has at a terminal is meant.
      const { FORCE_COLOR: _, NO_COLOR: __, CI: ___, ...rest } = process.env
      const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
        env: { ...rest, TERM: 'xterm-256color', ...env },
        encoding: 'utf8',
      })
      expect(stdout).toContain('FILE_UNREADABLE')
      return stdout
    }
    expect(onTerminal({})).toContain('\u001b[31m')
    expect(onTerminal({ NO_COLOR: '1' })).not.toContain('\u001b[')
    expect((await runCli(['verify', '/nonexistent', '--key', 'x'])).stderr).not.toContain('\u001b[')
  })
})

test('after all of this nothing was executed that is not allowed in the log, and no secret was said', async () => {
  expect(said.length).toBeGreaterThan(8)
  expect(said.join('\n')).not.toMatch(SECRET)
  const allows = (await receiptsOf(stage, point)).filter(
    (each) => each.kind === 'decision' && each.decision === 'allow',
  )
  expect(allows.length).toBeGreaterThanOrEqual((await echoesOf(echoes())).length)
})
