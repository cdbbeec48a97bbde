/**
 * Who acts in a run: a manager who enrols, delegates, revokes and kills, a lead who lifts with them, and the two agents
 * that it is about. Each asks any node, again and again until one answers.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  beginLift,
  offlineKill,
  openBreakGlass,
  pullKill,
  readSwitch,
  setRoster,
  signLift,
} from '../../../apps/cli/kills.ts'
import {
  addAgentKey,
  addSystem,
  approveAgent,
  changeAgent,
  delegate,
  endorse,
  enroll,
  enrollPoint,
  invite,
  proposeAgent,
} from '../../../apps/cli/operator.ts'
import { openProfile, writePrivate, type Profile, type ProfileFile } from '../../../apps/cli/profile.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk, Signer } from '../../../src/core/crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { until } from '../../fixtures/processes.ts'
import { again, now, PATIENCE_MS } from './patience.ts'

const SERVER = 'echo'

/** One whose delegations are revoked, and one whom kills are about. */
export type AgentName = 'restless' | 'killed'

interface Agent {
  readonly id: string
  readonly jkt: string
  readonly key: PrivateJwk
}

export interface Chain {
  readonly jti: string
  readonly chain: string
}

/** A point, or a relay. */
export interface Enrolled {
  readonly id: string
  /** Thumbprint of the key that signs its requests. */
  readonly jkt: string
  /** Path of its enrolment file, in a folder of its own. */
  readonly enrolment: string
}

export interface Kill {
  readonly kill: string
  /** When who pulled it was told that it is in force. */
  readonly t: number
}

export class People {
  readonly #url: string
  readonly #manager: Profile
  readonly #lead: Profile
  readonly #breakGlass: Signer
  readonly #agents = new Map<AgentName, Agent>()
  #iss = ''

  private constructor(url: string, manager: Profile, lead: Profile, breakGlass: Signer) {
    this.#url = url
    this.#manager = manager
    this.#lead = lead
    this.#breakGlass = breakGlass
  }

  /** @param keys the folder with the keys of the node that gave the secret */
  static async begin(url: string, secret: string, keys: string): Promise<People> {
    const manager = openProfile(await enroll(url, secret, 'Manager'))
    const lead = openProfile(await enroll(url, (await invite(manager, 'Lead')).invitation, 'Lead'))
    await endorse(manager, lead.person)
    const breakGlass = await openBreakGlass(join(keys, 'break-glass.jwk'), null)
    await setRoster(manager, breakGlass, { people: [manager.person, lead.person], m: 2 }, () => undefined)
    const people = new People(url, manager, lead, breakGlass)
    const system = await addSystem(manager, 'Echoes')
    for (const name of ['restless', 'killed'] as const) await people.#register(name, system)
    return people
  }

  async #register(name: AgentName, system: string): Promise<void> {
    const id = await proposeAgent(this.#manager, {
      name,
      class: 'assistant',
      purpose: 'Calls without a pause',
      systems: [system],
      manifest: { version: 1 },
    })
    await approveAgent(this.#lead, id)
    await changeAgent(this.#manager, id, 'activate', 'approved')
    const key = nodeCrypto.generateKey('Ed25519')
    const { publicJwk } = nodeCrypto.signer(key)
    await addAgentKey(this.#manager, id, publicJwk)
    this.#agents.set(name, { id, key, jkt: thumbprint(nodeCrypto, publicJwk) })
  }

  agent(name: AgentName): Agent {
    const agent = this.#agents.get(name)
    if (agent === undefined) throw new Error(`there is no agent ${name}`)
    return agent
  }

  /** Endorsed, as everyone who asks for a signed pack has to be. */
  async newcomer(name: string): Promise<ProfileFile> {
    const file = await enroll(this.#url, (await invite(this.#manager, name)).invitation, name)
    await endorse(this.#manager, file.person)
    return file
  }

  /** @param sources relays that it follows */
  async enrol(folder: string, name: string, sources: readonly string[] = []): Promise<Enrolled> {
    const file = await enrollPoint(this.#manager, name, SERVER)
    this.#iss = file.trust.iss
    const enrolment = join(folder, name, 'point.json')
    await mkdir(dirname(enrolment), { recursive: true })
    await writePrivate(enrolment, sources.length === 0 ? file : { ...file, sources })
    const { publicJwk } = nodeCrypto.signer(file.key as unknown as PrivateJwk)
    return { id: file.point, jkt: thumbprint(nodeCrypto, publicJwk), enrolment }
  }

  /** @param aud the points where they are good @param calls how many each allows in all */
  delegate(name: AgentName, aud: readonly string[], calls: readonly (number | null)[]): Promise<Chain[]> {
    const { id, jkt } = this.agent(name)
    const made = calls.map((max) => {
      const limits = max === null ? [] : [{ measure: 'calls', unit: '1', max, per: 'delegation' as const }]
      const grant = {
        type: 'tool' as const,
        server: SERVER,
        actions: ['echo'],
        ...(max === null ? {} : { limits }),
      }
      const input = { agent: id, jkt, aud: [...aud], grants: [grant], ttl_s: 3600, depth_max: 0 }
      return again(() => delegate(this.#manager, input))
    })
    return Promise.all(made)
  }

  /** @returns when it was acknowledged */
  async revoke(jti: string): Promise<number> {
    const request = { kind: 'delegation', target: jti, reason: 'drill' }
    await again(() => this.#manager.client.post('/v1/revocations', request))
    return now()
  }

  /** Of the second agent, at the control plane. */
  async kill(): Promise<Kill> {
    const scope = { kind: 'agent' as const, id: this.agent('killed').id }
    const { kill } = await again(() => pullKill(this.#manager, scope, 'drill'))
    return { kill, t: now() }
  }

  /** The same by the break-glass key and a file on the disk of one point, which acknowledges it there. */
  async killByFile({ id, enrolment }: Enrolled): Promise<Kill> {
    const scope = { kind: 'agent' as const, id: this.agent('killed').id }
    const signed = offlineKill(this.#breakGlass, this.#iss, scope, 'drill')
    const folder = join(dirname(enrolment), 'statements')
    await mkdir(folder, { recursive: true })
    const path = join(folder, signed.kill.id)
    await writeFile(`${path}.new`, JSON.stringify(signed))
    await rename(`${path}.new`, `${path}.json`)
    await until('the point has acknowledged', () => existsSync(`${path}.${id}.ack`), PATIENCE_MS)
    return { kill: signed.kill.id, t: now() }
  }

  /** By two people, once the control plane knows all of them. */
  async lift(kills: readonly string[]): Promise<void> {
    if (kills.length === 0) return
    const isKnown = async (): Promise<boolean> => {
      const known = new Set((await readSwitch(this.#manager)).kills.map(({ kill }) => kill.id))
      return kills.every((id) => known.has(id))
    }
    await until('the control plane knows every kill', () => isKnown().catch(() => false), PATIENCE_MS)
    const lift = await again(() => beginLift(this.#manager, kills, 'drill'))
    for (const person of [this.#manager, this.#lead])
      await again(() => signLift(person, lift, kills, () => undefined))
  }
}
