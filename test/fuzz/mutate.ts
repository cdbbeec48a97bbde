/** Mutated frames from a seed: the same seed, the same frames. @module */

export type Random = (below: number) => number

/** mulberry32: small, and the same everywhere. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","progressToken":1}'
const CALL = '"_meta":{"io.countersign/call":{"session":"s","n":1,"salt":"c2FsdA","mac":"bWFj"}}'

/** `ID` stands for a number that no other frame has. */
const CORPUS = [
  '{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"read","arguments":{"path":"/a","n":1.5}}}',
  `{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"write","arguments":{"o":[{"x":null}]},${META}}}`,
  `{"jsonrpc":"2.0","id":"sID","method":"tools/call","params":{${CALL},"name":"read"}}`,
  '{"jsonrpc":"2.0","id":ID,"method":"resources/read","params":{"uri":"file:///a"}}',
  '{"jsonrpc":"2.0","id":ID,"method":"resources/subscribe","params":{"uri":"file:///b"}}',
  '{"jsonrpc":"2.0","id":ID,"method":"prompts/get","params":{"name":"p","arguments":{"a":"1"}}}',
  '{"jsonrpc":"2.0","id":ID,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""}}}',
  `{"jsonrpc":"2.0","id":"lID","method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["file:///a"]},${META}}}`,
  '{"jsonrpc":"2.0","id":ID,"method":"tasks/get","params":{"taskId":"t"}}',
  '{"jsonrpc":"2.0","id":ID,"method":"tools/list"}',
  '{"jsonrpc":"2.0","id":ID,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":ID}}',
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}',
  '{"jsonrpc":"2.0","id":ID,"result":{"roots":[]}}',
] as const

const PIECES = [
  '\r',
  '\u2028',
  '\u0085',
  '\n',
  '\0',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\u0000',
  '\\u2028',
  '"method":"tools/call",',
  '"Method":"tools/call",',
  '"m\\u0065thod":"tools/call",',
  '"name":"write",',
  '"Name":"write",',
  '"__proto__":{"name":"write"},',
  '"params":{"name":"write"},',
  '"id":1,',
  '1e999',
  '123456789012345678901',
  '-0',
  'null',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write"}}',
  '[[[[[[[[[[[[[[[[',
  'ſ',
  '\u{1f600}',
] as const

/** @returns a frame without its line end; as it came one time in sixteen */
export function nextFrame(random: Random, n: number): Uint8Array {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T
  const frame = (): string => pick(CORPUS).replaceAll('ID', String(n))
  let text = frame()
  const mutations = random(16) === 0 ? 0 : 1 + random(3)
  for (let i = 0; i < mutations; i++) text = mutated(text, random, pick, frame)
  const bytes = new TextEncoder().encode(text)
  if (mutations > 0 && random(4) === 0 && bytes.length > 0) bytes[random(bytes.length)] = random(256)
  return bytes
}

function mutated(
  text: string,
  random: Random,
  pick: <T>(from: readonly T[]) => T,
  frame: () => string,
): string {
  const [a, b] = [random(text.length + 1), random(text.length + 1)].toSorted((x, y) => x - y) as [
    number,
    number,
  ]
  switch (random(9)) {
    case 0:
      return text.slice(0, a) + text.slice(b)
    case 1:
      return text.slice(0, b) + text.slice(a, b) + text.slice(b)
    case 2:
    case 3:
      return text.slice(0, a) + pick(PIECES) + text.slice(a)
    case 4:
      return afterComma(text, random, pick(PIECES))
    case 5:
      return text.slice(0, a) + text.slice(a, b).toUpperCase() + text.slice(b)
    case 6:
      return `[${text},${frame()}]`
    case 7:
      return text.slice(0, a) + frame().slice(a)
    default:
      return text.slice(0, a) + String.fromCharCode(random(0x300)) + text.slice(Math.min(text.length, a + 1))
  }
}

/** Where a member may begin: most of what is put there is JSON still. */
function afterComma(text: string, random: Random, piece: string): string {
  const places = [...text.matchAll(/[{,]/g)].map(({ index }) => index + 1)
  const at = places[random(Math.max(1, places.length))] ?? 0
  return text.slice(0, at) + piece + text.slice(at)
}
