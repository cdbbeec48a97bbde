/** `@biscuit-auth/biscuit-wasm`: tokens of signed blocks with Datalog checks, compiled from Rust. @module */
import { CALL } from '../chains.ts'
import { CHAINS_N, load, type Peer, type PeerRow } from './peer.ts'

interface Freed {
  free(): void
}

interface Block extends Freed {
  addCode(source: string): void
}

interface Token extends Freed {
  appendBlock(block: Block): Token
  toBase64(): string
}

interface BiscuitWasm {
  SignatureAlgorithm: { readonly Ed25519: number }
  KeyPair: new (algorithm: number) => { getPublicKey(): PublicKey; getPrivateKey(): object }
  PublicKey: { fromBytes(data: Uint8Array, algorithm: number): PublicKey }
  Biscuit: {
    builder(): Block & { build(root: object): Token }
    block_builder(): Block
    fromBase64(data: string, root: PublicKey): Token
  }
  AuthorizerBuilder: new () => Block & {
    buildAuthenticated(token: Token): Freed & { authorizeWithLimits(limits: object): number }
  }
}

interface PublicKey extends Freed {
  toBytes(out: Uint8Array): void
}

/** The library's own limit of 1 ms of wall time would end some runs on a busy machine. */
const LIMITS = { max_facts: 1000, max_iterations: 100, max_time_micro: 1_000_000 }

const ROOT = `
  right("${CALL.server}", "read"); right("${CALL.server}", "${CALL.tool}"); right("mail", "send");
  check if time($t), $t < 2100-01-01T00:00:00Z;`
const HOP = `
  check if tool("${CALL.server}", $tool), ["read", "${CALL.tool}"].contains($tool);
  check if path($p), $p.starts_with("/data/");
  check if time($t), $t < 2100-01-01T00:00:00Z;`
const AUTHORIZER = `
  time(2026-09-21T14:00:00Z); tool("${CALL.server}", "${CALL.tool}"); path("${CALL.args.path}");
  rows(${CALL.args.rows}); check if rows($n), $n <= 1000;
  allow if tool($s, $t), right($s, $t); deny if true;`

export async function peer(): Promise<Peer> {
  const biscuit = await load<BiscuitWasm>('@biscuit-auth/biscuit-wasm')
  return {
    measures:
      'PublicKey.fromBytes, Biscuit.fromBase64, and an authorizer with the facts of the call; blocks for delegations',
    checks: 'signature of every block, expiry, tool and path by Datalog checks of every block',
    leaves_out: 'holder proof (it is a bearer token), gesture, limits per day, audience, revocation',
    rows: [row(biscuit, 1), row(biscuit, 3)],
  }
}

function row(biscuit: BiscuitWasm, length: number): PeerRow {
  const tokens = Array.from({ length: CHAINS_N }, () => newToken(biscuit, length))
  return {
    name: `chain${length}_us`,
    prepare: (i) => () => {
      const { text, key } = tokens[i % CHAINS_N] ?? { text: '', key: new Uint8Array() }
      const root = biscuit.PublicKey.fromBytes(key, biscuit.SignatureAlgorithm.Ed25519)
      const token = biscuit.Biscuit.fromBase64(text, root)
      const builder = new biscuit.AuthorizerBuilder()
      builder.addCode(AUTHORIZER)
      const authorizer = builder.buildAuthenticated(token)
      authorizer.authorizeWithLimits(LIMITS) // throws when it denies
      authorizer.free()
      token.free()
      root.free()
    },
  }
}

function newToken(biscuit: BiscuitWasm, length: number): { text: string; key: Uint8Array } {
  const pair = new biscuit.KeyPair(biscuit.SignatureAlgorithm.Ed25519)
  const builder = biscuit.Biscuit.builder()
  builder.addCode(ROOT)
  let token = builder.build(pair.getPrivateKey())
  for (let hop = 1; hop < length; hop++) {
    const block = biscuit.Biscuit.block_builder()
    block.addCode(HOP)
    token = token.appendBlock(block)
  }
  const key = new Uint8Array(32)
  pair.getPublicKey().toBytes(key)
  return { text: token.toBase64(), key }
}
