/**
 * Puts an attestation where it travels with a commit. spec/carriers.md (CAR-5, CAR-6).
 * Invariant: what is put there is of that very commit; that it holds is for whoever verifies it.
 * @module
 */
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { canonicalBytes } from '../../../src/core/json.ts'
import { toCompact } from '../../../src/provenance/carriers/compact.ts'
import { NOTES_REF } from '../../../src/provenance/carriers/push.ts'
import { withTrailer } from '../../../src/provenance/carriers/trailer.ts'
import { measure } from '../../../src/provenance/digest.ts'
import { ProvenanceError } from '../../../src/provenance/errors.ts'
import { BUNDLE_BYTES_MAX, type Bundle } from '../../../src/provenance/statement.ts'
import { openStatement, pinnedKeys } from '../../../src/provenance/verify.ts'
import { CliError } from '../output.ts'
import type { Git } from './git.ts'
import { candidatesIn, newHash, start } from './output-file.ts'

/** @throws {CliError} `FILE_UNREADABLE`; {ProvenanceError} `BUNDLE_INVALID` */
export async function givenBundle(path: string): Promise<Bundle> {
  const [found] = candidatesIn(await start(path, BUNDLE_BYTES_MAX + 1))
  if (found === undefined) throw new ProvenanceError('BUNDLE_INVALID', 'the file holds no attestation')
  if (found instanceof Error) throw found
  return found
}

/** @returns the commit that is then at HEAD */
export function trailCommit(git: Git, bundle: Bundle): string {
  const old = git.resolve('HEAD')
  const { raw } = git.commit(old)
  assertOf(raw, bundle)
  const made = git.run(['hash-object', '-t', 'commit', '-w', '--stdin'], withTrailer(raw, toCompact(bundle)))
  const commit = made.toString('utf8').trim()
  git.run(['update-ref', '-m', 'countersign attest trailer', 'HEAD', commit, old])
  return commit
}

/** @returns the commit */
export function noteCommit(git: Git, revision: string, bundle: Bundle): string {
  const commit = git.resolve(revision)
  const { raw, note } = git.commit(commit)
  assertOf(raw, bundle)
  if (note !== null)
    throw new CliError(
      'ARGUMENT_INVALID',
      `${commit} has a note already, which servers keep as it is: use "countersign attest trailer"`,
    )
  const blob = git.run(['hash-object', '-w', '--stdin'], canonicalBytes(bundle)).toString('utf8').trim()
  git.run(['notes', `--ref=${NOTES_REF}`, 'add', '-C', blob, commit])
  return commit
}

/** @throws {ProvenanceError} `DIGEST_OTHER`, and what is wrong with the envelope by its own keys */
function assertOf(raw: Uint8Array, bundle: Bundle): void {
  const kids = bundle.keys.map(({ kid }) => kid)
  const { statement } = openStatement(nodeCrypto, bundle, pinnedKeys(nodeCrypto, bundle, kids))
  const { sha256 } = measure('git', raw, newHash)
  const isOf = statement.subject.some(
    ({ annotations, digest }) => annotations.form === 'git' && digest.sha256 === sha256,
  )
  if (!isOf) throw new ProvenanceError('DIGEST_OTHER', 'that is no attestation of this commit')
}
