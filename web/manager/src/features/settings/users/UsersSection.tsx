import { $api } from "../../../api/api";
import { useMay } from "../../../ui/RoleGate";
import { OwnerSection } from "../OwnerSection";
import { NewUser } from "./NewUser";
import { UserTable } from "./UserTable";

export function UsersSection() {
  const users = $api.useQuery("get", "/v1/users", { params: { query: { limit: 200 } } }, { enabled: useMay("owner") });
  return (
    <OwnerSection
      title="Users and roles"
      description="Who may sign in to this workspace, and what they may do."
      hidden="Only owners see the people of a workspace."
      add="Add a person"
      form={(close) => <NewUser onDone={close} />}
      query={users}
      what="The list of people"
    >
      {(data) => <UserTable users={data.users} />}
    </OwnerSection>
  );
}
