/** Denials of what is no call of a tool: a session that is not opened, a method, a kill that came into force. @module */
import { newId } from '../core/ids.ts'
import { isKilled } from '../decide/decide.ts'
import type { Reason } from '../decide/reasons.ts'
import { NOBODY } from './authenticate.ts'
import type { CallRecords } from './call-records.ts'
import { deniedTo } from './judged.ts'
import type { PointOptions } from './point-options.ts'
import type { PointView } from './point-view.ts'
import type { CallRequest } from './types.ts'

export class Refusals {
  readonly #o: Pick<PointOptions, 'crypto' | 'clock'>
  readonly #view: PointView
  readonly #records: CallRecords

  constructor(options: Pick<PointOptions, 'crypto' | 'clock'>, view: PointView, records: CallRecords) {
    this.#o = options
    this.#view = view
    this.#records = records
  }

  /** @param kill which one the denial is by. @returns `NOT_RECORDED` for what could not be recorded */
  async refuse(
    server: string,
    what: string,
    reasons: readonly Reason[],
    kill?: string,
  ): Promise<{ action: string; reasons: readonly Reason[] }> {
    const action = newId(this.#o.crypto, 'act', this.#o.clock.now())
    const called = server === '' ? null : { server, tool: what }
    const asked = { ...this.#view.tool(called), server: called?.server ?? null, chain: null }
    if (isKilled(asked)) reasons = ['KILLED']
    const request: CallRequest = {
      server,
      tool: what,
      args: {},
      credential: { kind: 'none' },
      definition_hash: null,
    }
    const names = kill === undefined ? { action } : { action, kill }
    const place = await this.#records.decision(request, names, deniedTo(NOBODY, null, reasons))
    return { action, reasons: place === null ? ['NOT_RECORDED'] : reasons }
  }
}
