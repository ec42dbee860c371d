use super::*;
use crate::credential::Role;
use crate::member::{Account, OrgName, Organisation, Subject};
use crate::token::{Device, Digest};

const CUSTOMER: OrgId = OrgId::from_octets([1; 16]);
const OPERATOR: OrgId = OrgId::from_octets([2; 16]);
const OWNER: UserId = UserId::from_octets([3; 16]);
const HELPER: UserId = UserId::from_octets([4; 16]);
const STAFF: Staff = Staff {
    user: HELPER,
    session: SessionId::from_octets([5; 16]),
    support: SupportId::from_octets([6; 16]),
    granted_by: OWNER,
};
const NOW: Timestamp = Timestamp(1_000);

fn account(user: UserId) -> Account {
    Account {
        user,
        active: true,
        sessions_from: Timestamp(0),
        orgs: Vec::new(),
        second_factor: true,
    }
}

fn place(org: OrgId, user: UserId, role: Role) -> Membership {
    Membership {
        org,
        user,
        role,
        active: true,
        since: Timestamp(10),
        sessions_from: Timestamp(10),
    }
}

fn standing() -> SupportStanding {
    SupportStanding {
        operator: OPERATOR,
        grant: SupportGrant {
            id: STAFF.support,
            org: CUSTOMER,
            to: OPERATOR,
            purpose: SupportPurpose::parse("Ticket 7").unwrap(),
            level: SupportLevel::Look,
            granted_by: OWNER,
            granted_at: Timestamp(900),
            expires_at: Timestamp(2_000),
            ended_at: None,
            used_by: Vec::new(),
        },
        staff: Person {
            account: Some(account(HELPER)),
            membership: Some(place(OPERATOR, HELPER, Role::Viewer)),
            organisation: Some(Organisation {
                id: OPERATOR,
                name: OrgName::parse("Operator").unwrap(),
                owners: 1,
                require_second_factor: false,
                sessions_from: Timestamp(0),
            }),
            groups: Vec::new(),
        },
        session: Some(Session {
            id: STAFF.session,
            user: HELPER,
            org: OPERATOR,
            generation: 1,
            nonce: [0; 16],
            active: Digest([0; 32]),
            parent: None,
            opened_at: Timestamp(500),
            authenticated_at: Timestamp(500),
            rotated_at: Timestamp(500),
            expires_at: Timestamp(9_000),
            revoked: false,
            device: Device::default(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            second_factor: true,
        }),
        granter: Person {
            account: Some(account(OWNER)),
            membership: Some(place(CUSTOMER, OWNER, Role::Owner)),
            ..Person::default()
        },
    }
}

type Change = fn(&mut SupportStanding);

#[test]
fn staff_stand_by_all_of_it_and_by_nothing_less() {
    assert!(standing().stands(&STAFF, CUSTOMER, NOW));
    let less: [(&str, Change); 21] = [
        ("another operator", |s| s.operator = CUSTOMER),
        ("granted to others", |s| s.grant.to = CUSTOMER),
        ("another grant", |s| {
            s.grant.id = SupportId::from_octets([9; 16]);
        }),
        ("of another organisation", |s| s.grant.org = OPERATOR),
        ("by someone else", |s| s.grant.granted_by = HELPER),
        ("ended", |s| s.grant.ended_at = Some(Timestamp(901))),
        ("over", |s| s.grant.expires_at = NOW),
        ("no session", |s| s.session = None),
        ("session ended", |s| {
            s.session.as_mut().unwrap().revoked = true;
        }),
        ("session elsewhere", |s| {
            s.session.as_mut().unwrap().org = CUSTOMER;
        }),
        ("session of another", |s| {
            s.session.as_mut().unwrap().user = OWNER;
        }),
        ("no second factor", |s| {
            s.session.as_mut().unwrap().second_factor = false;
        }),
        ("no account", |s| s.staff.account = None),
        ("locked out", |s| {
            s.staff.account.as_mut().unwrap().active = false;
        }),
        ("sessions ended", |s| {
            s.staff.account.as_mut().unwrap().sessions_from = Timestamp(501);
        }),
        ("no place", |s| s.staff.membership = None),
        ("disabled", |s| {
            s.staff.membership.as_mut().unwrap().active = false;
        }),
        ("granter gone", |s| s.granter.membership = None),
        ("granter locked out", |s| {
            s.granter.account.as_mut().unwrap().active = false;
        }),
        ("granter no owner", |s| {
            s.granter.membership.as_mut().unwrap().role = Role::Admin;
        }),
        ("granter came again", |s| {
            s.granter.membership.as_mut().unwrap().since = Timestamp(901);
        }),
    ];
    for (what, change) in less {
        let mut standing = standing();
        change(&mut standing);
        assert!(!standing.stands(&STAFF, CUSTOMER, NOW), "{what}");
    }
    assert!(!standing().stands(&STAFF, OPERATOR, NOW));
}

#[test]
fn who_of_the_staff_acts_reads_back_as_it_is_written() {
    let subject = Subject::Support(STAFF);
    assert_eq!(Subject::parse(&subject.to_string()), Some(subject));
    for bad in [
        format!("{STAFF}/{HELPER}"),
        format!("{}/{HELPER}", STAFF.support),
        STAFF.support.to_string(),
        "sup_/usr_/ses_/usr_".to_owned(),
    ] {
        assert_eq!(Subject::parse(&bad), None, "{bad}");
    }
}

#[test]
fn a_grant_lasts_a_minute_to_seven_days() {
    for (seconds, fits) in [(59, false), (60, true), (604_800, true), (604_801, false)] {
        assert_eq!(SupportSeconds::parse(seconds).is_ok(), fits, "{seconds}");
    }
}

#[test]
fn a_level_reads_back_and_watching_is_more_than_looking() {
    for level in SupportLevel::ALL {
        assert_eq!(SupportLevel::parse(level.as_str()), Ok(level));
    }
    assert!(SupportLevel::parse("edit").is_err());
    assert_eq!(SupportLevel::Look.scopes().to_string(), "read");
    assert_eq!(SupportLevel::Watch.scopes().to_string(), "play read");
}

#[test]
fn without_support_a_stack_says_so() {
    assert_eq!(operator("none"), Ok(None));
    assert_eq!(operator(&OPERATOR.to_string()), Ok(Some(OPERATOR)));
    for bad in ["", "None", "org_", " none", "*", &HELPER.to_string()] {
        assert!(operator(bad).is_err(), "{bad:?}");
    }
}
