import { Button, Group, Stack, Table, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useEffect, useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { Copyable } from "../../ui/Copyable";
import { ErrorState } from "../../ui/ErrorState";
import { count, duration } from "../../ui/format";
import { Loading } from "../../ui/Loading";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { useMay } from "../../ui/RoleGate";
import { useSubmit } from "../../ui/useSubmit";
import { Section } from "./Section";

export function PlanSection() {
  const tenant = $api.useQuery("get", "/v1/tenant");
  const stats = $api.useQuery("get", "/v1/stats");
  return (
    <Section title="Plan and usage" about="Your workspace, what it may use, and what it has used.">
      {tenant.error ? (
        <ErrorState error={tenant.error} what="The workspace" onRetry={tenant.refetch} />
      ) : tenant.data ? (
        <>
          <TenantForm tenant={tenant.data} />
          <Panel p={0}>
            <Table verticalSpacing="sm" horizontalSpacing="md">
              <caption className="visually-hidden">Limits and use</caption>
              <Table.Tbody>
                <Row label="Calls at the same time" value={tenant.data.plan.concurrent_calls ?? "no limit"} />
                <Row label="Browser connections per minute and key" value={tenant.data.plan.connections_per_minute ?? 30} />
                <Row label="Models" value={tenant.data.plan.allowed_models?.join(", ") ?? "all"} />
                {stats.data && (
                  <>
                    <Row label="Calls running now" value={count(stats.data.active_calls)} />
                    <Row label="Calls today (UTC)" value={count(stats.data.calls_today)} />
                    <Row label="Calls in all" value={count(stats.data.calls_total)} />
                    <Row label="Minutes in all" value={`${count(Math.round(stats.data.minutes_total))} min`} />
                    <Row label="Average call" value={duration(stats.data.avg_duration_s * 1000)} />
                    <Row
                      label="Average response"
                      value={stats.data.avg_response_ms === null ? "no calls yet" : duration(stats.data.avg_response_ms)}
                    />
                  </>
                )}
              </Table.Tbody>
            </Table>
          </Panel>
        </>
      ) : (
        <Loading />
      )}
    </Section>
  );
}

function Row({ label, value }: { label: string; value: string | number }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        {label}
      </Table.Th>
      <Table.Td className="numeric">{value}</Table.Td>
    </Table.Tr>
  );
}

function TenantForm({ tenant }: { tenant: Schemas["TenantReply"] }) {
  const [name, setName] = useState(tenant.name);
  const [country, setCountry] = useState(tenant.country);
  const mayEdit = useMay("owner");
  const queries = useQueryClient();
  useEffect(() => {
    setName(tenant.name);
    setCountry(tenant.country);
  }, [tenant.name, tenant.country]);
  const action = useCallback(async () => {
    await api.PATCH("/v1/tenant", { body: { name, country } });
    await queries.invalidateQueries({ queryKey: ["get", "/v1/tenant"] });
    tell("The workspace is saved.");
  }, [name, country, queries]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  const isChanged = name !== tenant.name || country !== tenant.country;
  return (
    <Panel
      component="form"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack>
        <TextInput
          label="Name of the workspace"
          value={name}
          readOnly={!mayEdit}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError("name")}
        />
        <TextInput
          label="Country"
          description="Two letters. Phone numbers without a country code are read as this country's."
          value={country}
          readOnly={!mayEdit}
          maxLength={2}
          w={280}
          onChange={(event) => setCountry(event.currentTarget.value.toUpperCase())}
          error={fieldError("country")}
        />
        <div>
          <Copyable value={tenant.tenant_id} label="the id of the workspace" />
        </div>
        <Problem text={problem} />
        {mayEdit && (
          <Group justify="flex-end">
            <Button type="submit" loading={isBusy} disabled={!isChanged}>
              Save the workspace
            </Button>
          </Group>
        )}
      </Stack>
    </Panel>
  );
}
