/** `npm run bench -- humans`: what it costs to know which human stands behind what, and what humans agreed to. @module */
import { machine, ownCommit } from '../machine.ts'
import { benchAttest } from './attest.ts'
import { benchConsent, consentTable } from './consent.ts'

export async function humans({ json }: { readonly json: boolean }): Promise<void> {
  const start = machine()
  const attest = benchAttest()
  const consent = await benchConsent()
  const report = { benchmark: 'humans', machine: start, countersign: ownCommit(), attest, consent }
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return
  }
  const { statement_bytes, compact_chars, ...us } = attest
  process.stdout.write(
    [
      `an attestation of ${statement_bytes} bytes; ${compact_chars} characters in its compact form; medians`,
      `raw Ed25519 signature             ${us.sign_raw_us} us`,
      `attest: statement and envelope    ${us.attest_us} us (${us.attest_ratio} of raw)`,
      `raw: Ed25519 and ES256 verified   ${us.verify_raw_us} us`,
      `verify: bundle to answer          ${us.verify_us} us (${us.verify_ratio} of raw)`,
      `verify: compact form to answer    ${us.verify_compact_us} us`,
      `digest of a file, as text         ${us.file_mb_per_s} MB/s, ${us.text_mb_per_s} MB/s`,
      consentTable(consent),
    ].join('\n'),
  )
}
