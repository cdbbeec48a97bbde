/** Bodies of the entries of registers that people keep by hand: each lies with its page. spec/entries.md. @module */
import { aloneBodies } from './alone-bodies.ts'
import { breachBodies } from './breach-bodies.ts'
import { deficiencyBodies } from './deficiency-bodies.ts'
import { identityBodies } from './identity-bodies.ts'
import { narrativeBodies } from './narrative-bodies.ts'
import { reconciliationBodies } from './reconciliation-bodies.ts'
import { sampleBodies } from './sample-bodies.ts'
import { emergencyBodies } from './emergency-bodies.ts'
import { roleBodies } from './role-bodies.ts'
import { serviceBodies } from './service-bodies.ts'
import { vendorBodies } from './vendor-bodies.ts'

export const registerBodies = {
  ...deficiencyBodies,
  ...reconciliationBodies,
  ...sampleBodies,
  ...vendorBodies,
  ...narrativeBodies,
  ...breachBodies,
  ...emergencyBodies,
  ...aloneBodies,
  ...roleBodies,
  ...identityBodies,
  ...serviceBodies,
}
