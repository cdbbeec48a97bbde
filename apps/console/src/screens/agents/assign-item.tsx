/** Who answers for an item of the inventory, which system it belongs to, which registered agent it is. @module */
import { Alert, Button, Group, Modal, Select, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import type { Item } from './inventory.tsx'
import { agentNamesQuery, peopleQuery, systemsQuery } from '../../parts/names.ts'

const t = words.agents.inventory

export function AssignItem({ item, onClose }: { item: Item; onClose: () => void }) {
  const queries = useQueryClient()
  const people = useQuery(peopleQuery).data?.people ?? []
  const agents = useQuery(agentNamesQuery).data?.agents ?? []
  const systems = useQuery(systemsQuery).data?.systems ?? []
  const [owner, setOwner] = useState(item.owner)
  const [system, setSystem] = useState(item.system)
  const [agent, setAgent] = useState(item.agent)
  const assign = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/inventory/{id}/assign', {
          params: { path: { id: item.id } },
          body: { owner, system, agent },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['inventory'] })
      onClose()
    },
  })
  const named = ({ id, name }: { id: string; name: string | null }) => ({ value: id, label: name ?? id })
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <Title order={2} size="h3">
          {t.assign}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          assign.mutate()
        }}
      >
        <Stack>
          <Text>{t.assignText(item.name)}</Text>
          <Select
            label={t.owner}
            data={people.filter(({ status }) => status === 'enrolled').map(named)}
            value={owner}
            onChange={setOwner}
            searchable
            limit={SELECT_MAX}
            clearable
            data-autofocus
          />
          <Select
            label={t.agent}
            data={agents.map(named)}
            value={agent}
            onChange={setAgent}
            searchable
            limit={SELECT_MAX}
            clearable
          />
          <Select
            label={t.system}
            data={systems.map(named)}
            value={system}
            onChange={setSystem}
            searchable
            limit={SELECT_MAX}
            clearable
          />
          {assign.isError && (
            <Alert color="red" role="alert">
              {faultText(assign.error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.gesture.cancel}
            </Button>
            <Button type="submit" loading={assign.isPending}>
              {t.assign}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
