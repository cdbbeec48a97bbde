/**
 * Globs over segments (GRT-3) and of resources (GRT-6): linear matching without regular expressions, and a sound
 * inclusion test.
 * Every path trick (`..` and what some readers make of it, empty segments, backslashes, control characters) matches
 * nothing.
 * @module
 */

export const GLOB_SEGMENTS_MAX = 32
/** A value of more segments matches no glob: matching takes time in the product of both. */
const VALUE_SEGMENTS_MAX = 1024

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE = /[\u0000-\u001f\u007f\\]/
/**
 * A segment `.` or `..`, also with white space around it or behind a cut: URL readers end a path at `?` or `#`, servers
 * take `;x` for a parameter of the segment, and some file systems drop white space.
 */
const DOTS = /(?:^|\/)[\s\u0085]*\.{1,2}[\s\u0085]*(?:[;?#/]|$)/
/** A segment other than the first that is empty, or that is so without its white space. */
const BLANK = /\/[\s\u0085]*(?:\/|$)/

/** Whether `glob` is one that we match: bounded, and free of the segments that no value may have. */
export function isGlob(glob: string): boolean {
  const segments = glob.split('/')
  return segments.length <= GLOB_SEGMENTS_MAX && isSafe(glob)
}

/** A segment of a glob, cut at each `*`: taken apart once, however many segments a value has. */
interface Pattern {
  readonly text: string
  readonly pieces: readonly string[]
}

function patternsOf(glob: string): Pattern[] {
  return glob.split('/').map((text) => ({ text, pieces: text.split('*') }))
}

/** Globs kept taken apart, some hundred bytes each: a call asks for the same ones as the call before. */
const KNOWN_MAX = 256
const known = new Map<string, readonly Pattern[]>()

function knownPatternsOf(glob: string): readonly Pattern[] {
  const found = known.get(glob)
  if (found !== undefined) return found
  const patterns = patternsOf(glob)
  if (known.size >= KNOWN_MAX) known.delete(known.keys().next().value ?? '')
  known.set(glob, patterns)
  return patterns
}

/** The value that was taken apart last: each ancestor's grant asks about the same one. Null: it matches no glob. */
let lastSplit: { value: string; segments: readonly string[] | null } = { value: '', segments: null }
/** A longer one is not kept, in UTF-16 code units. */
const SPLIT_KEPT_MAX = 1_024

function segmentsOf(value: string): readonly string[] | null {
  if (value === lastSplit.value) return lastSplit.segments
  const parts = value.split('/')
  const segments = parts.length <= VALUE_SEGMENTS_MAX && isSafe(value) ? parts : null
  if (value.length <= SPLIT_KEPT_MAX) lastSplit = { value, segments }
  return segments
}

/** Whether `value` matches. A value that could be read as another path matches no glob. */
export function globMatches(glob: string, value: string): boolean {
  const segments = segmentsOf(value)
  return segments !== null && segmentsMatch(knownPatternsOf(glob), segments)
}

function isSafe(whole: string): boolean {
  return whole !== '' && !UNSAFE.test(whole) && !DOTS.test(whole) && !BLANK.test(whole)
}

/** Wildcard matching with one restart point: each segment is looked at once for each segment of the glob. */
function segmentsMatch(patterns: readonly Pattern[], value: readonly string[]): boolean {
  let p = 0
  let v = 0
  let star = -1
  let resume = 0
  while (v < value.length) {
    const pattern = patterns[p]
    if (pattern?.text === '**') {
      star = p++
      resume = v
    } else if (pattern !== undefined && segmentMatches(pattern, value[v] ?? '')) {
      p++
      v++
    } else if (star >= 0) {
      p = star + 1
      v = ++resume
    } else return false
  }
  while (patterns[p]?.text === '**') p++
  return p === patterns.length
}

/**
 * `*` inside a segment. A pattern with `*` matches no empty segment. Each piece is sought where the one before it
 * ended, so that the time grows with the text and not with its product with the pattern.
 */
function segmentMatches({ text: whole, pieces }: Pattern, text: string): boolean {
  if (pieces.length === 1) return whole === text
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  const end = text.length - last.length
  let at = first.length
  if (text === '' || at > end || !text.startsWith(first) || !text.endsWith(last)) return false
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i] ?? ''
    const found = text.indexOf(piece, at)
    at = found + piece.length
    if (found < 0 || at > end) return false
  }
  return true
}

/**
 * Whether everything that `child` matches, `parent` matches too. Sound, not complete: a `*` of the child is
 * covered only by a `*` of the parent, a `**` only by a `**`.
 */
export function globWithin(child: string, parent: string): boolean {
  const inner = child.split('/')
  const outer = patternsOf(parent)
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
    const pattern = outer[j]
    if (pattern === undefined) return i === inner.length
    if (pattern.text === '**') return within(i, j + 1) || (i < inner.length && within(i + 1, j))
    if (i === inner.length || inner[i] === '**') return false
    return segmentMatches(pattern, inner[i] ?? '') && within(i + 1, j + 1)
  }
  return within(0, 0)
}

/** GRT-6. Percent-encodings that another reader could take for a dot, a separator or an end. */
const ENCODED = /%(2e|2f|5c|00)/i
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//

function splitScheme(text: string): readonly [scheme: string, rest: string] {
  const scheme = SCHEME.exec(text)?.[0] ?? ''
  return [scheme, text.slice(scheme.length)]
}

/** What would move the end of an authority, or hide where it is. */
const AUTHORITY_UNSAFE = /[@?#%/\\\s\u0085]/

/** In the form that host names are read in: a full-width `#`, say, becomes a `#`. @param rest behind `scheme://` */
function isAuthoritySafe(rest: string): boolean {
  const [authority = ''] = rest.split('/', 1)
  return !AUTHORITY_UNSAFE.test(authority.normalize('NFKC'))
}

/** Up to the first `?` or `#`: what a reader of URLs takes for authority and path. */
function hierarchyOf(rest: string): string {
  const end = rest.search(/[?#]/)
  return end < 0 ? rest : rest.slice(0, end)
}

export function isResourceGlob(glob: string): boolean {
  const [scheme, rest] = splitScheme(glob)
  if (ENCODED.test(glob) || !isGlob(rest)) return false
  return scheme === '' || (isAuthoritySafe(rest) && isGlob(hierarchyOf(rest)))
}

export function resourceMatches(glob: string, value: string): boolean {
  const [scheme, rest] = splitScheme(glob)
  const [valueScheme, valueRest] = splitScheme(value)
  if (scheme !== valueScheme || ENCODED.test(value) || !globMatches(rest, valueRest)) return false
  if (scheme === '') return true
  return (
    isAuthoritySafe(valueRest) &&
    (hierarchyOf(valueRest) === valueRest || globMatches(hierarchyOf(rest), hierarchyOf(valueRest)))
  )
}

export function resourceWithin(child: string, parent: string): boolean {
  const [scheme, rest] = splitScheme(child)
  const [parentScheme, parentRest] = splitScheme(parent)
  if (scheme !== parentScheme || !globWithin(rest, parentRest)) return false
  return scheme === '' || globWithin(hierarchyOf(rest), hierarchyOf(parentRest))
}
