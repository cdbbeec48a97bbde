/** What to do about each test of a pack before its period ends, by number. spec/readiness.md (RDY-8). @module */

export interface Remedy {
  /** Why nothing happening is a gap; null: it need not happen. */
  readonly absent: string | null
  /** A command where there is one. */
  readonly next: string
}

function remedy(next: string, absent: string | null = null): Remedy {
  return { absent, next }
}

export const REMEDIES: Readonly<Record<number, Remedy>> = {
  1: remedy(
    'countersign agent list: give each agent an owner who is here, a purpose, a system and keys of its own',
    'no agent is active, so nothing of what agents do is covered',
  ),
  2: remedy(
    'countersign agent propose by one person, countersign agent approve by another, before the first delegation',
  ),
  3: remedy(
    'countersign enroll with a passkey, then countersign delegate',
    'no delegation was issued, so no action can be allowed',
  ),
  4: remedy('countersign delegations: issue what was outside of its template anew, and revoke the old one'),
  5: remedy(
    'countersign fleet: see which point hears late; countersign revoke in a trial shows whether it is better',
    'nothing was revoked, so nothing shows that revocation works: revoke a delegation that was issued for a trial',
  ),
  6: remedy('countersign person leave and countersign revoke on the day that somebody leaves'),
  7: remedy('countersign access-review open', 'access is reviewed each quarter, and no review was opened'),
  8: remedy('countersign keys: rotate an issuer key once a year'),
  9: remedy(
    'countersign fleet: see which point does not record, and keep its spool',
    'no enforcement point decided on anything',
  ),
  10: remedy(
    'countersign fleet: keep points running past the turn of the day, so that each tries a stranger; countersign discover and countersign import: register who calls, or keep them out',
    'no enforcement point tried an agent that nobody registered',
  ),
  11: remedy(
    'countersign alert list: see DETECTOR_SILENT, and keep the control plane running every day',
    'no detector was tried',
  ),
  12: remedy('countersign baseline: approve what waits, by somebody else than who proposed it'),
  13: remedy(
    'countersign alert ack within the limit; countersign alert policy propose for limits that people can keep',
  ),
  14: remedy('countersign incident: contain within a day, explain and close within thirty'),
  15: remedy(
    'countersign drill plan --mode production, countersign drill run, countersign drill close',
    'no drill was closed, and one in production is wanted in each period',
  ),
  16: remedy(
    'countersign kill probe --to URL --to-folder DIR once a week, to every point that runs',
    'no enforcement point acted, so nothing shows that the kill channel lives between drills',
  ),
  17: remedy('have each change approved by somebody else than its author, with the tests that it passed'),
  18: remedy(
    'countersign alone list --waiting, and have somebody else review it within five business days: countersign alone review',
  ),
  19: remedy('countersign deficiency: give each an owner and a date, and retest it'),
  20: remedy(
    'countersign vendor record, countersign vendor assess, and have somebody else approve it before it is used',
    'agents use models and tools of somebody, and no vendor was assessed',
  ),
  21: remedy(
    'countersign doctor: keep the control plane running, with a second node where one machine stops',
    'no hour was sampled',
  ),
  22: remedy('countersign backup, then countersign backup test', 'no restore was tested'),
  23: remedy('countersign label: label what tools return; give clearances that cover what agents need'),
  24: remedy('countersign erasure list, countersign hold list: see what waits'),
  25: remedy('countersign attest coverage: see what leaves without an attestation, and gate its kind'),
  26: remedy('countersign review: look before the output leaves'),
  27: remedy(
    'countersign start --anchors FILE and countersign doctor --anchors FILE: have the log seen from outside each day',
    'the log has no span in the period',
  ),
  28: remedy('countersign notice: approve a notice before consents name it'),
  29: remedy('countersign basis: record on what basis each purpose rests'),
  30: remedy('countersign fleet: see which point used data after it heard of the withdrawal'),
  31: remedy(
    'countersign role grant and countersign role approve by another; countersign role review each quarter; countersign role remove when somebody leaves',
    'somebody administers the control plane, and no register says who',
  ),
  32: remedy(
    'give reasons, end it within four hours, and have somebody else review it within two business days',
  ),
  33: remedy('countersign inventory credentials: give each an owner and days of rotation, and rotate it'),
  34: remedy('countersign subject: answer requests within their limit'),
}
