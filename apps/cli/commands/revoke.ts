/** `countersign revoke`: takes authority back, and watches it arrive. spec/revocation.md, REV-9 and REV-13. @module */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { revoke } from '../operator.ts'
import { CliError, paint, progress, progressDone, result, say } from '../output.ts'
import type { Profile } from '../profile.ts'
import { DIGEST, profileOf, reasonCode, wantsJson } from './globals.ts'

/** How often it asks who has acknowledged, in milliseconds: of a large fleet twenty times in all. */
const ASK_EVERY_MS = 50
const ASKS_A_SPREAD = 20
const WAIT_S = 5

const acksSchema = z.object({
  of: z.int(),
  acknowledged: z.int(),
  missing: z.array(z.object({ point: z.string(), name: z.string(), head: z.int().nullable() })),
  spread_ms: z.int(),
})
type Acks = Omit<z.infer<typeof acksSchema>, 'spread_ms'>

export function revokeCommand(program: Command): void {
  program
    .command('revoke')
    .description('revoke a delegation, agent, key, person or enforcement point; answers when committed')
    .argument('<target>', 'dlg_…, agt_…, per_…, pnt_… or a key thumbprint (after -- when it begins with -)')
    .option('--reason <code>', 'why, in a word; say more with countersign note', reasonCode, 'revoked')
    .option(
      '--wait <seconds>',
      `how long to watch the points acknowledge; ${WAIT_S} unless you say, longer for a large fleet, with --json 0`,
      seconds,
    )
    .action(async (target: string, options: { reason: string; wait?: number }, command: Command) => {
      const profile = await profileOf(command)
      const json = wantsJson(command)
      const started = Date.now()
      const revoked = await revoke(profile, kindOf(target), target, options.reason)
      if (!json) say(inWords(target, revoked, started))
      const wait_s = options.wait ?? (json ? 0 : null)
      const seq = Math.max(0, ...revoked.frames)
      const points = wait_s !== 0 && seq > 0 ? await watch(profile, seq, wait_s) : null
      if (json) result(true, { ...revoked, ...(points === null ? {} : { points }) }, () => '')
      else if (points !== null) say(arrived(points, Date.now() - revoked.acknowledged_at))
    })
}

function inWords(target: string, revoked: Awaited<ReturnType<typeof revoke>>, started: number): string {
  const { frames, acknowledged_at, revoked_before } = revoked
  const number = `frame ${frames.join(', ')}`
  if (revoked_before !== null)
    return `${target} was revoked already, ${rfc3339(revoked_before)}: ${number}; nothing changed`
  if (frames.length === 0) return `${target} never enrolled: the invitation is void`
  return `revoked: ${number}, committed ${acknowledged_at - started} ms after the call`
}

/**
 * Asks until every point has acknowledged, or the time is over.
 * @param wait_s null: some seconds more than the points take by themselves (REV-18)
 */
async function watch(profile: Profile, seq: number, wait_s: number | null): Promise<Acks> {
  const begun = performance.now()
  for (;;) {
    const { spread_ms, ...acks } = acksSchema.parse(await profile.client.get(`/v1/revocations/${seq}/acks`))
    const until = begun + (wait_s === null ? WAIT_S * 1000 + spread_ms : wait_s * 1000)
    progress(`${acks.acknowledged} of ${acks.of} points have acknowledged`)
    if (acks.acknowledged === acks.of || performance.now() >= until) {
      progressDone()
      return acks
    }
    await sleep(Math.max(ASK_EVERY_MS, spread_ms / ASKS_A_SPREAD))
  }
}

function arrived({ acknowledged, of, missing }: Acks, took_ms: number): string {
  if (of === 0) return 'no enforcement point is enrolled'
  if (acknowledged === of)
    return `${of === 1 ? 'the only point' : `all ${of} points`} acknowledged within ${took_ms} ms`
  const named = missing.map(
    ({ point, name, head }) => `  ${point}  ${name}  ${head === null ? 'never' : `at frame ${head}`}`,
  )
  const rest = of - acknowledged - missing.length
  return [
    paint('yellow', `${acknowledged} of ${of} points acknowledged; not yet:`),
    ...named,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    'a point that is not fresh denies everything by its bound (2 s unless set otherwise): look whether it runs',
  ].join('\n')
}

function kindOf(target: string): 'delegation' | 'agent' | 'person' | 'point' | 'key' {
  if (target.startsWith('dlg_')) return 'delegation'
  if (target.startsWith('agt_')) return 'agent'
  if (target.startsWith('per_')) return 'person'
  if (target.startsWith('pnt_')) return 'point'
  if (DIGEST.test(target)) return 'key'
  throw new CliError(
    'ARGUMENT_INVALID',
    'a target is dlg_…, agt_…, per_…, pnt_… or the thumbprint of a key: see "countersign delegations", "agent list", ' +
      '"person list" and "point list"',
  )
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 600)) throw new InvalidArgumentError('not a number of seconds from 0 to 600')
  return value
}
