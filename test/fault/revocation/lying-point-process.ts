/**
 * An enforcement point that hears of what is revoked, says so in its receipts, and lets it through all the same: for a
 * test that the checkers find one.
 * @module
 */
import { RevocationState } from '../../../src/revoke/state.ts'

RevocationState.prototype.isRevoked = () => false
RevocationState.prototype.isAnyRevoked = () => false
await import('./point-process.ts')
