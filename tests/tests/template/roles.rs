//! Who may do what: the matrix that a snapshot keeps, and rules that no snapshot may bend.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cfn::World;
use crate::faults::Faults;
use crate::functions::FUNCTIONS;

/// One permission: action, resource, condition.
type Permission = (String, String, String);

/// Every function with its permissions, one a line.
pub(crate) fn matrix(world: &World) -> String {
    let mut out = String::new();
    for (id, name, _) in FUNCTIONS {
        let _ = writeln!(out, "{name}");
        for (action, resource, condition) in permissions(world, id) {
            let condition = if condition.is_empty() {
                condition
            } else {
                format!(" if {condition}")
            };
            let _ = writeln!(out, "  {action} on {resource}{condition}");
        }
    }
    out
}

pub(crate) fn faults(world: &World) -> Vec<String> {
    let mut faults = Faults::default();
    // Nothing of ours runs by the scanner's, which stands apart.
    let mut roles = world.all("AWS::IAM::Role");
    roles.retain(|(stack, ..)| *stack != "Malware");
    faults.same(
        "number of roles",
        &json!(roles.len()),
        &json!(FUNCTIONS.len()),
    );
    for kind in [
        "AWS::IAM::Policy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::RolePolicy",
    ] {
        faults.same(kind, &json!(world.all(kind).len()), &json!(0));
    }
    for (_, id, role) in roles {
        faults.same(
            &format!("{id} managed policies"),
            &role["ManagedPolicyArns"],
            &Value::Null,
        );
        let trust = json!([{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }]);
        faults.same(
            &format!("{id} trust"),
            &role["AssumeRolePolicyDocument"]["Statement"],
            &trust,
        );
    }
    for (id, name, _) in FUNCTIONS {
        let output = &world.template("Roles")["Outputs"][id]["Value"];
        faults.same(
            &format!("role of {id}"),
            output,
            &json!({ "Fn::GetAtt": format!("{id}Role.Arn") }),
        );
        let logs = format!(
            "arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:/aws/lambda/${{AWS::StackName}}-{name}:*"
        );
        for (action, resource, _) in permissions(world, id) {
            faults.expect(!action.contains('*'), &format!("{name}: {action}"));
            // X-Ray's writes know no resource.
            let open = resource == "*" && !action.starts_with("xray:Put");
            faults.expect(!open, &format!("{name}: {action} on *"));
            let forgets = action == "dynamodb:DeleteItem" && resource == "Data/AuditTable.Arn";
            faults.expect(!forgets, &format!("{name} can remove what was recorded"));
            let foreign = action.starts_with("logs:") && resource != logs;
            faults.expect(!foreign, &format!("{name}: {action} on {resource}"));
        }
    }
    faults.into()
}

fn permissions(world: &World, id: &str) -> BTreeSet<Permission> {
    let role = &world.template("Roles")["Resources"][format!("{id}Role")]["Properties"];
    let policies = list(&role["Policies"]).into_iter();
    let statements = policies.flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
    statements
        .flat_map(|statement| spread(world, statement))
        .collect()
}

fn spread(world: &World, statement: &Value) -> Vec<Permission> {
    // Anything else than a plain allowance is not what this matrix shows.
    for exotic in ["NotAction", "NotResource"] {
        assert!(statement[exotic].is_null(), "{statement}");
    }
    assert_eq!(statement["Effect"], "Allow", "{statement}");
    let condition = match &statement["Condition"] {
        Value::Null => String::new(),
        condition => condition.to_string(),
    };
    let resources = list(&statement["Resource"]);
    let resources: Vec<_> = resources
        .iter()
        .map(|resource| world.render("Roles", resource))
        .collect();
    let pairs = list(&statement["Action"]).into_iter().flat_map(|action| {
        let action = world.render("Roles", action);
        resources
            .iter()
            .map(move |resource| (action.clone(), resource.clone()))
    });
    pairs
        .map(|(action, resource)| (action, resource, condition.clone()))
        .collect()
}

/// The items of a list, or the one value that stands for a list.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}
