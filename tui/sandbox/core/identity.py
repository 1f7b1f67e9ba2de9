"""Who the one user of the sandbox is: account, instance and ids, the same at every start."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

from tui.sandbox.base.ids import new_uuid
from tui.sandbox.db.database import Store

PLAN_ID = "850b3d3e-0000-4000-8000-000000000001"
SUBSCRIPTION_ID = "22222222-3333-4444-8555-666666666666"
RESOURCE_ID = "b6049020-80f4-11eb-a0f7-e35ec9b4054f"
INSTANCE_NAME = "sandbox"
REGION = "us-east"
HUB, GROUP, PROJECT = "ibm-q", "open", "main"
CLASSIC_INSTANCE = f"{HUB}/{GROUP}/{PROJECT}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Ids of the account (32 hex characters), the instance (UUID) and the user."""

    account: str
    instance: str
    user_id: str
    classic_user_id: str

    @property
    def crn(self) -> str:
        return f"crn:v1:bluemix:public:quantum-computing:{REGION}:a/{self.account}:{self.instance}::"


def identity(store: Store) -> Identity:
    """The identity kept in the store; made at the first start."""
    kept = store.setting("identity")
    if kept is not None:
        return Identity(**json.loads(kept))
    made = Identity(
        account=secrets.token_hex(16),
        instance=new_uuid(),
        user_id=f"IBMid-{secrets.token_hex(5).upper()}",
        classic_user_id=secrets.token_hex(12),
    )
    store.set_setting("identity", json.dumps(asdict(made)))
    return made
