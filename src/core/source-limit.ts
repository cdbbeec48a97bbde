/**
 * How often strangers are served: buckets that fill up as time goes by, one for all and one for each source, so that one
 * source alone does not use up what there is for all. Pure: the caller says what time it is.
 * @module
 */

/** Sources that are told apart, the one heard of longest ago forgotten first: what there is for all bounds the rest. */
const SOURCES_MAX = 1024

export interface Rate {
  /** At once, after a time of rest. */
  readonly burst: number
  /** In the long run. */
  readonly per_s: number
}

export class SourceLimit {
  readonly #each: Rate
  readonly #all: Bucket
  readonly #sources = new Map<string, Bucket>()

  constructor({ each, all }: { readonly each: Rate; readonly all: Rate }) {
    this.#each = each
    this.#all = new Bucket(all)
  }

  /** @param now_ms by a clock that only goes forwards */
  take(source: string, now_ms: number): boolean {
    const bucket = this.#sources.get(source) ?? new Bucket(this.#each)
    this.#sources.delete(source)
    if (this.#sources.size >= SOURCES_MAX) this.#sources.delete(this.#sources.keys().next().value ?? '')
    this.#sources.set(source, bucket)
    // Its own first: a source that has had its share takes nothing from the others.
    return bucket.take(now_ms) && this.#all.take(now_ms)
  }
}

class Bucket {
  readonly #rate: Rate
  #left: number
  #at_ms: number | null = null

  constructor(rate: Rate) {
    this.#rate = rate
    this.#left = rate.burst
  }

  take(now_ms: number): boolean {
    const { burst, per_s } = this.#rate
    const passed_ms = now_ms - (this.#at_ms ?? now_ms)
    this.#left = Math.min(burst, this.#left + (passed_ms / 1000) * per_s)
    this.#at_ms = now_ms
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}

/** Who an address is of: of IPv6 its /64, which is what one subscriber has. @param address as a socket gives it */
export function sourceOf(address: string | undefined): string {
  if (address === undefined) return ''
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [before = '', after] = address.replace(/%.*$/, '').toLowerCase().split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  return [...head, ...Array<string>(zeros).fill('0'), ...tail].slice(0, 4).join(':')
}
