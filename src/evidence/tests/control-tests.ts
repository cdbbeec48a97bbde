/** The tests that a pack answers, by number. spec/tests.md. @module */
import { reviewedAccess } from './access-reviews.ts'
import { decidedActions } from './actions.ts'
import { approvedAdministrators } from './administrators.ts'
import { approvedAgents, deadWithLeavers, identifiedAgents } from './agents.ts'
import { approvedChanges, emergencies } from './changes.ts'
import { followedDeficiencies } from './deficiencies.ts'
import { keptCredentials } from './credentials.ts'
import { boundedDelegations, boundedRevocations, grantedDelegations } from './delegations.ts'
import { approvedBaselines, triedDetectors } from './detection.ts'
import { reviewedEmergencies } from './emergencies.ts'
import { keptKeys } from './keys.ts'
import { probedChannel } from './kill-channel.ts'
import { wholeLog } from './log.ts'
import { disposed, sampledHours, testedRestores } from './operations.ts'
import { attestedOutputs, reviewedOutputs } from './outputs.ts'
import { clearedReads } from './reads.ts'
import { closedIncidents, heldDrills, triagedAlerts } from './responses.ts'
import { coveredUses, noticedConsents, obeyedWithdrawals } from './subjects.ts'
import type { ControlTest } from './test.ts'
import { answeredRequests } from './requests.ts'
import { deniedStrangers } from './unregistered.ts'
import { assessedVendors } from './vendors.ts'

export const CONTROL_TESTS: readonly ControlTest[] = [
  identifiedAgents,
  approvedAgents,
  grantedDelegations,
  boundedDelegations,
  boundedRevocations,
  deadWithLeavers,
  reviewedAccess,
  keptKeys,
  decidedActions,
  deniedStrangers,
  triedDetectors,
  approvedBaselines,
  triagedAlerts,
  closedIncidents,
  heldDrills,
  probedChannel,
  approvedChanges,
  emergencies,
  followedDeficiencies,
  assessedVendors,
  sampledHours,
  testedRestores,
  clearedReads,
  disposed,
  attestedOutputs,
  reviewedOutputs,
  wholeLog,
  noticedConsents,
  coveredUses,
  obeyedWithdrawals,
  answeredRequests,
  reviewedEmergencies,
  keptCredentials,
  approvedAdministrators,
].toSorted((a, b) => a.number - b.number)
