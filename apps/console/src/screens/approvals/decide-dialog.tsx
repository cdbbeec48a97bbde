/** The gesture that approves or refuses, over the statement that is shown. spec/approvals.md (APR-7). @module */
import { Accordion, Code, ScrollArea } from '@mantine/core'
import { StatementDialog } from '../../gesture/statement-dialog.tsx'
import { jsonLines } from '../../parts/seen.tsx'
import { useSession } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { ArgumentLines } from './approval-body.tsx'
import { actToSign, decide, type Decision, type Shown } from './approval-queries.ts'

const t = words.approvals

export function DecideDialog({
  shown: { approval, names },
  decision,
  onDone,
  onClose,
}: {
  shown: Shown
  decision: Decision
  onDone: () => void
  onClose: () => void
}) {
  const session = useSession()
  const agent = names[approval.agent] ?? approval.agent
  return (
    <StatementDialog
      title={decision === 'approve' ? t.approve : t.refuse}
      consequences={decision === 'approve' ? t.approveText(agent, approval.tool) : t.refuseText(agent)}
      danger={decision === 'refuse'}
      sign={() => decide(session, approval, decision)}
      onDone={onDone}
      onClose={onClose}
    >
      <ScrollArea.Autosize mah={260} type="auto">
        <ArgumentLines lines={jsonLines(approval.opening?.args)} />
      </ScrollArea.Autosize>
      <Accordion variant="contained">
        <Accordion.Item value="exact">
          <Accordion.Control>{t.signed}</Accordion.Control>
          <Accordion.Panel>
            <Code block tabIndex={0} data-testid="signed">
              {JSON.stringify(actToSign(approval, decision), null, 2)}
            </Code>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </StatementDialog>
  )
}
