import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { useCallback, useState } from "react";
import { api, type Schemas } from "../../api/api";
import { queryClient } from "../../api/queryClient";
import { Form } from "../../ui/Form";
import { phone } from "../../ui/format";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { RoleButton } from "../../ui/RoleButton";
import { useSubmit } from "../../ui/useSubmit";
import { DIRECTIONS, type Direction } from "./directions";

/** Says whether a number is blocked, and blocks it. */
export function BlockForm() {
  const [number, setNumber] = useState("");
  const [direction, setDirection] = useState<Direction>("both");
  const [reason, setReason] = useState("");
  const [found, setFound] = useState<Schemas["BlockCheck"] | null>(null);

  const check = useSubmit(
    useCallback(async () => {
      const { data } = await api.GET("/v1/blocked-numbers/check", { params: { query: { number: number.trim() } } });
      setFound(data ?? null);
    }, [number]),
  );
  const block = useSubmit(
    useCallback(async () => {
      const { data } = await api.POST("/v1/blocked-numbers", { body: { number: number.trim(), direction, reason: reason.trim() || null } });
      await queryClient.invalidateQueries({ queryKey: ["get", "/v1/blocked-numbers"] });
      if (data) tell(`${phone(data.number)} is blocked.`);
      setNumber("");
      setReason("");
      setFound(null);
    }, [number, direction, reason]),
  );
  const isEmpty = number.trim().length < 3;

  return (
    <Panel>
      <Form aria-label="Block a number" gap={0} onSubmit={() => !isEmpty && block.submit()}>
        <Group align="flex-end" gap="sm">
          <TextInput
            label="Number"
            placeholder="+1 202 555 0147"
            inputMode="tel"
            autoComplete="off"
            style={{ flex: "1 1 180px" }}
            value={number}
            onChange={(event) => {
              setNumber(event.currentTarget.value);
              setFound(null);
            }}
          />
          <Select
            label="What is blocked"
            style={{ flex: "1 1 160px" }}
            data={Object.entries(DIRECTIONS).map(([value, label]) => ({ value, label }))}
            value={direction}
            onChange={(value) => value && setDirection(value as Direction)}
          />
          <TextInput
            label="Reason"
            placeholder="For your colleagues"
            maxLength={500}
            style={{ flex: "2 1 200px" }}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Button variant="default" disabled={isEmpty} loading={check.isBusy} onClick={() => void check.submit()}>
            Check
          </Button>
          <RoleButton needs="editor" type="submit" disabled={isEmpty} loading={block.isBusy}>
            Block {isEmpty ? "the number" : number.trim()}
          </RoleButton>
        </Group>
        <Text mt={found ? "sm" : 0} aria-live="polite" component="div">
          {found && <Answer found={found} />}
        </Text>
        <Problem text={block.problem || check.problem} />
      </Form>
    </Panel>
  );
}

function Answer({ found }: { found: Schemas["BlockCheck"] }) {
  if (!found.blocked) return <>{phone(found.number)} is not blocked.</>;
  return (
    <>
      <strong>{phone(found.number)} is blocked</strong>
      {found.direction && `: ${DIRECTIONS[found.direction].toLowerCase()}`}
      {found.reason && ` (${found.reason})`}.
    </>
  );
}
