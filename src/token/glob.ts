/**
 * Globs over segments (GRT-3): linear matching without regular expressions, and a sound inclusion test.
 * Every path trick (`..`, `.`, empty segments, backslashes, control characters) matches nothing.
 * @module
 */

export const GLOB_SEGMENTS_MAX = 32

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE = /[\u0000-\u001f\u007f\\]/

/** Whether `glob` is one that we match: bounded, and free of the segments that no value may have. */
export function isGlob(glob: string): boolean {
  const segments = glob.split('/')
  return segments.length <= GLOB_SEGMENTS_MAX && isSafe(segments, glob)
}

/** Whether `value` matches. A value that could be read as another path matches no glob. */
export function globMatches(glob: string, value: string): boolean {
  const segments = value.split('/')
  return isSafe(segments, value) && segmentsMatch(glob.split('/'), segments)
}

function isSafe(segments: readonly string[], whole: string): boolean {
  if (whole === '' || UNSAFE.test(whole)) return false
  return segments.every((segment, i) => segment !== '.' && segment !== '..' && (segment !== '' || i === 0))
}

/** Wildcard matching with one restart point: time is at most the product of the lengths. */
function segmentsMatch(pattern: readonly string[], value: readonly string[]): boolean {
  let p = 0
  let v = 0
  let star = -1
  let resume = 0
  while (v < value.length) {
    if (pattern[p] === '**') {
      star = p++
      resume = v
    } else if (p < pattern.length && segmentMatches(pattern[p] ?? '', value[v] ?? '')) {
      p++
      v++
    } else if (star >= 0) {
      p = star + 1
      v = ++resume
    } else return false
  }
  while (pattern[p] === '**') p++
  return p === pattern.length
}

/** `*` inside a segment. A pattern with `*` matches no empty segment. */
function segmentMatches(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text
  if (text === '') return false
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = t
    } else if (pattern[p] === text[t]) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/**
 * Whether everything that `child` matches, `parent` matches too. Sound, not complete: a `*` of the child is
 * covered only by a `*` of the parent, a `**` only by a `**`.
 */
export function globWithin(child: string, parent: string): boolean {
  const inner = child.split('/')
  const outer = parent.split('/')
  const known = new Map<number, boolean>()
  const within = (i: number, j: number): boolean => {
    const key = i * (GLOB_SEGMENTS_MAX + 1) + j
    const cached = known.get(key)
    if (cached !== undefined) return cached
    const answer = step(i, j)
    known.set(key, answer)
    return answer
  }
  const step = (i: number, j: number): boolean => {
    if (j === outer.length) return i === inner.length
    if (outer[j] === '**') return within(i, j + 1) || (i < inner.length && within(i + 1, j))
    if (i === inner.length || inner[i] === '**') return false
    return segmentMatches(outer[j] ?? '', inner[i] ?? '') && within(i + 1, j + 1)
  }
  return within(0, 0)
}
