import { Anchor } from "@mantine/core";
import { $api } from "../../../api/api";
import { EmptyState } from "../../../ui/EmptyState";
import { useMay } from "../../../ui/RoleGate";
import { OwnerSection } from "../OwnerSection";
import { KeyTable } from "./KeyTable";
import { NewKey } from "./NewKey";

export function ApiKeysSection() {
  const keys = $api.useQuery("get", "/v1/api-keys", { params: { query: { limit: 200 } } }, { enabled: useMay("owner") });
  return (
    <OwnerSection
      title="API keys"
      description={
        <>
          For programs that use the{" "}
          <Anchor href="/docs" underline="always" inherit>
            REST API
          </Anchor>
          , and for carriers' webhooks. A revoked key stops within two seconds.
        </>
      }
      hidden="Only owners see API keys."
      add="Make an API key"
      form={(close) => <NewKey onClose={close} />}
      query={keys}
      what="The list of keys"
    >
      {(data) =>
        data.api_keys.length > 0 ? (
          <KeyTable keys={data.api_keys} />
        ) : (
          <EmptyState title="No keys yet">A key lets a program read calls, change agents or start conversations.</EmptyState>
        )
      }
    </OwnerSection>
  );
}
