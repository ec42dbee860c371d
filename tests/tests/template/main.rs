//! What the templates promise and no local cloud enforces: asserted on the templates themselves.

#[cfg(test)]
mod cfn;
#[cfg(test)]
mod data;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod functions;
#[cfg(test)]
mod malware;
#[cfg(test)]
mod monitoring;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod queues;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod rotation;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::cfn::{FILES, ROOT, World};
    use crate::mutations::MUTATIONS;
    use crate::{data, edge, events, functions, malware, monitoring, roles, rotation};

    const NONE: [String; 0] = [];

    fn all_faults(world: &World) -> Vec<String> {
        let checks = [
            data::faults,
            edge::faults,
            events::faults,
            functions::faults,
            functions::resolved_secrets,
            malware::faults,
            monitoring::faults,
            roles::faults,
            rotation::faults,
        ];
        checks.iter().flat_map(|check| check(world)).collect()
    }

    #[test]
    fn tables_buckets_and_secrets_are_kept_private_encrypted_and_recoverable() {
        assert_eq!(data::faults(&World::read()), NONE);
    }

    #[test]
    fn the_edge_serves_nothing_unsigned() {
        assert_eq!(edge::faults(&World::read()), NONE);
    }

    #[test]
    fn every_route_is_declared_and_no_upload_gets_lost() {
        assert_eq!(events::faults(&World::read()), NONE);
    }

    #[test]
    fn every_function_has_its_own_role_its_own_log_and_exactly_its_environment() {
        assert_eq!(functions::faults(&World::read()), NONE);
    }

    #[test]
    fn malware_is_scanned_for_where_the_operator_says_so_and_nothing_else_changes_where_not() {
        assert_eq!(malware::faults(&World::read()), NONE);
    }

    #[test]
    fn seven_secrets_rotate_and_secrets_manager_alone_asks_for_it() {
        assert_eq!(rotation::faults(&World::read()), NONE);
    }

    #[test]
    fn no_template_writes_a_secret_out() {
        assert_eq!(functions::resolved_secrets(&World::read()), NONE);
    }

    #[test]
    fn every_function_and_queue_has_its_alarms() {
        assert_eq!(monitoring::faults(&World::read()), NONE);
    }

    #[test]
    fn no_role_is_open() {
        assert_eq!(roles::faults(&World::read()), NONE);
    }

    #[test]
    fn the_stacks_nested_are_the_ones_read_here() {
        let world = World::read();
        let nested = world.all("AWS::CloudFormation::Stack");
        let nested = nested
            .iter()
            .map(|(_, id, stack)| (*id, stack["TemplateURL"].as_str()));
        let known = FILES.iter().filter(|(stack, _)| *stack != ROOT);
        let known = known.map(|(stack, file)| (*stack, Some(*file)));
        assert_eq!(
            nested.collect::<BTreeMap<_, _>>(),
            known.collect::<BTreeMap<_, _>>()
        );
    }

    #[test]
    fn permissions_are_the_ones_reviewed() {
        insta::assert_snapshot!(roles::matrix(&World::read()));
    }

    #[test]
    fn every_safeguard_taken_away_is_noticed() {
        let shipped = World::read();
        let reviewed = roles::matrix(&shipped);
        let unnoticed = MUTATIONS.iter().filter(|(file, from, to)| {
            let world = shipped.mutated(file, from, to);
            all_faults(&world).is_empty() && roles::matrix(&world) == reviewed
        });
        assert_eq!(
            unnoticed.collect::<Vec<_>>(),
            Vec::<&(&str, &str, &str)>::new()
        );
    }
}
