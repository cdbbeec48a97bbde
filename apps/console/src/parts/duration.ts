/** How long something took or may still take, as people say it. @module */

const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** In its two greatest units: "2 h 5 min". @param ms null: not known */
export function duration(ms: number | null): string {
  if (ms === null) return '–'
  if (Math.abs(ms) < 1_000) return `${NUMBER.format(ms)} ms`
  const parts: string[] = []
  let rest = Math.round(Math.abs(ms) / 1_000) * 1_000
  for (const [length, unit] of UNITS) {
    const n = Math.floor(rest / length)
    if (n > 0) parts.push(`${n} ${unit}`)
    else if (parts.length > 0) break
    rest -= n * length
    if (parts.length === 2) break
  }
  return (ms < 0 ? '−' : '') + parts.join(' ')
}

/** "4:05", for what counts down. */
export function countdown(ms: number): string {
  const rest = Math.max(0, Math.round(ms / 1_000))
  const h = Math.floor(rest / 3600)
  const min = Math.floor((rest % 3600) / 60)
  const s = String(rest % 60).padStart(2, '0')
  return h > 0 ? `${h}:${String(min).padStart(2, '0')}:${s}` : `${min}:${s}`
}
