import { Button, Group, Table, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { Copyable } from "../../ui/Copyable";
import { Form } from "../../ui/Form";
import { count, duration } from "../../ui/format";
import { Loaded } from "../../ui/Loaded";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { useMay } from "../../ui/RoleGate";
import { Section } from "../../ui/Section";
import { useSubmit } from "../../ui/useSubmit";

export function PlanSection() {
  const tenant = $api.useQuery("get", "/v1/tenant");
  const stats = $api.useQuery("get", "/v1/stats");
  return (
    <Section title="Plan and usage" isBare description="Your workspace, what it may use, and what it has used.">
      <Loaded query={tenant} what="The workspace">
        {(data) => (
          <>
            <TenantForm tenant={data} />
            <LimitsAndUse plan={data.plan} stats={stats.data} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function LimitsAndUse({ plan, stats }: { plan: Schemas["TenantReply"]["plan"]; stats: Schemas["Stats"] | undefined }) {
  return (
    <Panel p={0}>
      <Table verticalSpacing="sm" horizontalSpacing="md">
        <caption className="visually-hidden">Limits and use</caption>
        <Table.Tbody>
          <Row label="Calls at the same time" value={plan.concurrent_calls ?? "no limit"} />
          <Row label="Browser connections per minute and key" value={plan.connections_per_minute ?? 30} />
          <Row label="Models" value={plan.allowed_models?.join(", ") ?? "all"} />
          {stats && (
            <>
              <Row label="Calls running now" value={count(stats.active_calls)} />
              <Row label="Calls today (UTC)" value={count(stats.calls_today)} />
              <Row label="Calls in all" value={count(stats.calls_total)} />
              <Row label="Minutes in all" value={`${count(Math.round(stats.minutes_total))} min`} />
              <Row label="Average call" value={duration(stats.avg_duration_s * 1000)} />
              <Row label="Average response" value={stats.avg_response_ms === null ? "no calls yet" : duration(stats.avg_response_ms)} />
            </>
          )}
        </Table.Tbody>
      </Table>
    </Panel>
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
    <Panel>
      <Form onSubmit={submit}>
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
      </Form>
    </Panel>
  );
}
