/** Tends the domains of a point by the clock of its machine, and hears who asks for one. spec/flow.md (FLW-16). @module */
import { setTimeout as pause } from 'node:timers/promises'
import type { DomainExchange } from '../../ports/domains.ts'
import type { HeldDomains } from './held-domains.ts'

const TEND_EVERY_MS = 1_000
/** Between two questions who asks: a domain that somebody stays in is asked for until they leave. */
const ASK_AGAIN_MS = 100

/** @returns stops it; the domains stay as they are */
export function tendDomains(
  domains: HeldDomains,
  control: Pick<DomainExchange, 'wantedDomains'>,
): () => Promise<void> {
  const stop = new AbortController()
  const { signal } = stop
  const rest = (ms: number) => pause(ms, undefined, { signal, ref: false }).catch(() => undefined)

  const tend = async (): Promise<void> => {
    while (!signal.aborted) {
      await domains.tend()
      await rest(TEND_EVERY_MS)
    }
  }
  const listen = async (): Promise<void> => {
    while (!signal.aborted) {
      await domains.some(signal)
      if (signal.aborted) return
      try {
        const agents = await control.wantedDomains(signal)
        if (agents.length > 0) await domains.wanted(agents)
        await rest(ASK_AGAIN_MS)
      } catch {
        await rest(TEND_EVERY_MS) // the control plane is away: what is held lasts until its end
      }
    }
  }
  const running = Promise.all([tend(), listen()])
  return async () => {
    stop.abort()
    await running
  }
}
