/**
 * The break-glass key: made once, its public half logged, its private half taken offline. spec/kill.md (KIL-7).
 * Invariant: nothing of the control plane needs the private half again, and nothing makes a second one.
 * @module
 */
import type { Crypto, PrivateJwk, PublicJwk } from '../core/crypto.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import type { Store, Tx } from '../ports/store.ts'
import { SYSTEM } from './context.ts'

export const BREAK_GLASS = 'break_glass'

/**
 * @param make the first one, or the one that was made and not yet logged
 * @param onMade told when the log has it for the first time
 * @returns its public half
 * @throws {KeyStoreError}, {StoreError}
 */
export async function pinBreakGlass(
  { store, crypto }: { readonly store: Store; readonly crypto: Crypto },
  make: () => Promise<PrivateJwk>,
  onMade: () => void,
): Promise<PublicJwk> {
  const known = await store.query(find)
  if (known !== null) return known
  const made = await make()
  const jwk = crypto.signer(made).publicJwk
  const pinned = await store.write(async (tx) => {
    // Another node may have been first: then its key counts, and ours is a file that signs nothing.
    const first = await find(tx.db)
    if (first !== null) return first
    const kid = thumbprint(crypto, jwk)
    await tx.db
      .insertInto('meta')
      .values({ name: BREAK_GLASS, value: canonicalize({ ...jwk }) })
      .execute()
    await tx.append({ type: 'break_glass.created', actor: SYSTEM, subject: kid, body: { kid, jwk } })
    return jwk
  })
  if (thumbprint(crypto, pinned) === thumbprint(crypto, jwk)) onMade()
  return pinned
}

async function find(db: Tx['db']): Promise<PublicJwk | null> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', BREAK_GLASS).executeTakeFirst()
  return row === undefined ? null : publicJwk(parseJson(row.value))
}
