/** The passkey's gesture over a draft: by its principal, or by somebody whose approval it needs. @module */
import { Alert, Button, CopyButton, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Check, Copy, Fingerprint, ShieldAlert } from 'lucide-react'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { assertion, PasskeyError, type GestureParts } from '../../gesture/passkey.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ButtonLink } from '../../parts/link.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../agents/names.ts'
import { useIsWhole, type SignedDraft } from './draft-shown.tsx'

const t = words.delegations

export interface Sealed {
  readonly missing: number
  /** For its principal, once nothing is missing. */
  readonly chain?: string | undefined
}

function take(jti: string, isPrincipal: boolean, body: GestureParts): Promise<Sealed> {
  const params = { path: { jti } }
  return isPrincipal
    ? said(api.POST('/v1/delegations/drafts/{jti}/seal', { params, body }))
    : said(api.POST('/v1/delegations/drafts/{jti}/approve', { params, body }))
}

/** @param jti of the draft, and of the delegation that it becomes */
export function SignDraft({
  jti,
  agent,
  draft,
  isPrincipal,
}: {
  jti: string
  agent: string
  draft: SignedDraft
  isPrincipal: boolean
}) {
  const session = useSession()
  const queries = useQueryClient()
  const isWhole = useIsWhole(draft)
  const [sealed, setSealed] = useState<Sealed | null>(null)
  const sign = useMutation({
    mutationFn: async () => {
      if (isWhole !== true) throw new PasskeyError('mismatch')
      const { gesture } = await assertion(session.place, draft.challenge, session.person.credential_ids)
      return take(jti, isPrincipal, gesture)
    },
    onSuccess: (answer) => {
      setSealed(answer)
      void queries.invalidateQueries({ queryKey: ['delegations'], refetchType: 'none' })
    },
  })
  if (sealed !== null) return <Done jti={jti} agent={agent} sealed={sealed} />
  const isSoftware = session.person.amr.includes('swk')
  const refuse = isSoftware
    ? words.gesture.software
    : isWhole === false
      ? t.mismatch
      : whyNot(session, 'delegate')
  return (
    <Stack>
      {isSoftware && (
        <Alert color="yellow" icon={<ShieldAlert aria-hidden />}>
          {words.gesture.software}
        </Alert>
      )}
      {sign.isError && (
        <Alert color="red" role="alert">
          {faultText(sign.error)}
        </Alert>
      )}
      <Group>
        <ActButton
          whyNot={refuse}
          leftSection={<Fingerprint size={18} aria-hidden />}
          loading={sign.isPending || isWhole === undefined}
          onClick={() => sign.mutate()}
        >
          {t.sign}
        </ActButton>
      </Group>
    </Stack>
  )
}

function Done({ jti, agent, sealed: { missing, chain } }: { jti: string; agent: string; sealed: Sealed }) {
  const names = useNames()
  if (missing > 0)
    return (
      <Alert color="yellow" role="status">
        {t.signed1} {t.waits(missing)}
      </Alert>
    )
  return (
    <Alert color="teal" role="status" icon={<Check aria-hidden />} title={t.issuedNow}>
      <Stack align="flex-start">
        <Text size="sm">{t.issuedText(names.of(agent))}</Text>
        <Group>
          <ButtonLink to="/delegations/$jti" params={{ jti }}>
            {t.toDelegation}
          </ButtonLink>
          {chain !== undefined && (
            <CopyButton value={chain}>
              {({ copied, copy }) => (
                <Button variant="default" leftSection={<Copy size={16} aria-hidden />} onClick={copy}>
                  {copied ? t.copied : t.copyChain}
                </Button>
              )}
            </CopyButton>
          )}
        </Group>
        {chain !== undefined && <Text size="sm">{t.chainHint}</Text>}
      </Stack>
    </Alert>
  )
}
