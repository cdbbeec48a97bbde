/** `@microsoft/agent-governance-sdk`: policy, trust score and audit entry of one action. @module */
import { CALL } from '../chains.ts'
import { load, type Peer } from './peer.ts'

interface Governance {
  AgentMeshClient: {
    create(agent: string, options: object): Client
  }
}

interface Client {
  readonly policy: { evaluate(action: string, context: object): string }
  executeWithGovernance(action: string, params: object): Promise<{ decision: string }>
}

/** As in our warm row: actions come one after another. */
const ACTIONS_A_BURST = 50
const ACTION = `${CALL.server}.${CALL.tool}`

export async function peer(): Promise<Peer> {
  const { AgentMeshClient } = await load<Governance>('@microsoft/agent-governance-sdk')
  const newClient = (): Client =>
    AgentMeshClient.create('bench', {
      policyRules: [
        { action: `${CALL.server}.read`, effect: 'allow' },
        { action: ACTION, effect: 'allow', conditions: { mode: CALL.args.mode } },
        { action: '*', effect: 'deny' },
      ],
    })
  return {
    measures: 'executeWithGovernance of one action, and policy.evaluate alone; compare with warm and decide',
    checks:
      'policy rules with one condition on the arguments, trust score, an audit entry chained by its hash',
    leaves_out: 'every signature, a chain, holder proof, gesture, limits, audience, revocation, durability',
    rows: [
      { name: 'execute_us', prepare: () => executed(newClient()) },
      { name: 'evaluate_us', prepare: () => evaluated(newClient()) },
    ],
  }
}

function executed(client: Client) {
  return async () => {
    const took_us: number[] = []
    for (let i = 0; i < ACTIONS_A_BURST; i++) {
      const start = performance.now()
      const { decision } = await client.executeWithGovernance(ACTION, CALL.args)
      took_us.push((performance.now() - start) * 1000)
      if (decision !== 'allow') throw new TypeError(`decided ${decision}`)
    }
    return { took_us }
  }
}

function evaluated(client: Client) {
  return async () => {
    const start = performance.now()
    for (let i = 0; i < ACTIONS_A_BURST; i++) {
      if (client.policy.evaluate(ACTION, CALL.args) !== 'allow') throw new TypeError('denied')
    }
    return { took_us: [((performance.now() - start) * 1000) / ACTIONS_A_BURST] }
  }
}
