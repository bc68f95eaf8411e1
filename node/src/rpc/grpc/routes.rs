//! All services as one set of routes, with reflection and health.

use std::sync::Arc;

use chainstate::chain::Retention;
use nakamoto_proto::v1;
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;
use v1::account_service_server::AccountServiceServer;
use v1::admin_service_server::AdminServiceServer;
use v1::block_service_server::BlockServiceServer;
use v1::burnchain_service_server::BurnchainServiceServer;
use v1::node_service_server::NodeServiceServer;
use v1::observer_service_server::ObserverServiceServer;
use v1::operator_service_server::OperatorServiceServer;
use v1::stacker_db_service_server::StackerDbServiceServer;
use v1::template_service_server::TemplateServiceServer;
use v1::transaction_service_server::TransactionServiceServer;
use v1::validation_service_server::ValidationServiceServer;

use super::account::Accounts;
use super::admin::Admin;
use super::block::Blocks;
use super::burnchain::Burnchain;
use super::event_server::EventServer;
use super::events::Events;
use super::node::Node;
use super::observers::Observers;
use super::operator::Operator;
use super::stackerdb::StackerDbs;
use super::template::Templates;
use super::transaction::Transactions;
use super::validation::Validations;
use crate::clock::ClockControl;
use crate::event_dispatcher::dispatcher::Dispatcher;
use crate::event_stream::registry::StreamRegistry;
use crate::jobs::{TemplateJobs, ValidationJobs};
use crate::limits::MAX_MESSAGE_BYTES;
use crate::rpc::auth::Guard;
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::health::Health;
use crate::runtime::wake_signal::WakeSignal;

/// State shared by the services, behind one `Arc`: every layer clones it per request.
pub type Services = Arc<ServiceState>;

/// See [`Services`].
#[derive(Clone)]
pub struct ServiceState {
    /// The chain.
    pub pool: BlockingPool,
    /// Wakes the coordinator after a push.
    pub wake: WakeSignal,
    /// The event feed.
    pub streams: StreamRegistry,
    /// Template requests.
    pub templates: Arc<TemplateJobs>,
    /// Validation demands.
    pub validations: Arc<ValidationJobs>,
    /// The HTTP observers.
    pub observers: Dispatcher,
    /// Guards templates, validations, observers, the operators' service and the admin service.
    pub guard: Guard,
    /// How much of the journal is kept.
    pub retention: Retention,
    /// The mock clock.
    pub clock: ClockControl,
    /// Whether the admin service is served.
    pub serves_admin: bool,
}

/// Names of our services, for health.
const SERVICE_NAMES: &[&str] = &[
    "nakamoto.v1.AccountService",
    "nakamoto.v1.BlockService",
    "nakamoto.v1.BurnchainService",
    "nakamoto.v1.EventService",
    "nakamoto.v1.NodeService",
    "nakamoto.v1.ObserverService",
    "nakamoto.v1.OperatorService",
    "nakamoto.v1.StackerDbService",
    "nakamoto.v1.TemplateService",
    "nakamoto.v1.TransactionService",
    "nakamoto.v1.ValidationService",
];

/// Services that come with the gRPC library.
const LIBRARY_SERVICE_NAMES: &[&str] =
    &["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/// The service that is not always served.
const ADMIN_SERVICE_NAME: &str = "nakamoto.v1.AdminService";

/// The routes, and the health of their services.
///
/// # Errors
/// When the built-in descriptors are broken.
pub async fn routes(services: &Services) -> Result<(Routes, Health), tonic_reflection::server::Error> {
    let parts = ServiceState::clone(services);
    let ServiceState { pool, wake, streams, templates, validations, observers, guard, retention, clock, serves_admin } =
        parts;
    let admin_name = serves_admin.then_some(ADMIN_SERVICE_NAME);
    let names: Vec<_> = SERVICE_NAMES.iter().chain(LIBRARY_SERVICE_NAMES).copied().chain(admin_name).collect();
    let (health, health_server) = Health::of(names.clone()).await;
    let (template_guard, validation_guard) = (guard.clone(), guard.clone());
    let (observer_guard, operator_guard) = (guard.clone(), guard.clone());
    let admin = serves_admin.then(|| Admin { pool: pool.clone(), wake: wake.clone(), streams: streams.clone(), clock });
    let node = Node { pool: pool.clone(), streams: streams.clone(), retention };
    let operator = Operator { streams: streams.clone() };
    let mut routes = Routes::builder();
    routes
        .add_service(health_server)
        .add_service(reflection(&names)?.build_v1()?)
        .add_service(reflection(&names)?.build_v1alpha()?)
        .add_service(
            AccountServiceServer::new(Accounts { pool: pool.clone() }).max_decoding_message_size(MAX_MESSAGE_BYTES),
        )
        .add_service(
            BlockServiceServer::new(Blocks { pool: pool.clone(), wake }).max_decoding_message_size(MAX_MESSAGE_BYTES),
        )
        .add_service(BurnchainServiceServer::new(Burnchain { pool: pool.clone() }))
        .add_service(EventServer::new(Events { pool: pool.clone(), streams }))
        .add_service(NodeServiceServer::new(node))
        .add_service(InterceptedService::new(OperatorServiceServer::new(operator), move |request| {
            operator_guard.intercept(request)
        }))
        .add_service(
            StackerDbServiceServer::new(StackerDbs { pool: pool.clone() }).max_decoding_message_size(MAX_MESSAGE_BYTES),
        )
        .add_service(
            TransactionServiceServer::new(Transactions { pool: pool.clone() })
                .max_decoding_message_size(MAX_MESSAGE_BYTES),
        )
        .add_service(InterceptedService::new(
            TemplateServiceServer::new(Templates { pool: pool.clone(), jobs: templates })
                .max_decoding_message_size(MAX_MESSAGE_BYTES),
            move |request| template_guard.intercept(request),
        ))
        .add_service(InterceptedService::new(
            ValidationServiceServer::new(Validations { pool, jobs: validations })
                .max_decoding_message_size(MAX_MESSAGE_BYTES),
            move |request| validation_guard.intercept(request),
        ))
        .add_service(InterceptedService::new(
            ObserverServiceServer::new(Observers { dispatcher: observers })
                .max_decoding_message_size(MAX_MESSAGE_BYTES),
            move |request| observer_guard.intercept(request),
        ));
    if let Some(admin) = admin {
        let service = AdminServiceServer::new(admin).max_decoding_message_size(MAX_MESSAGE_BYTES);
        routes.add_service(InterceptedService::new(service, move |request| guard.intercept(request)));
    }
    Ok((routes.routes(), health))
}

/// Reflection that lists the served services. It describes more, such as google.rpc, so that clients can print the
/// details of errors.
fn reflection<'a>(names: &[&'a str]) -> Result<tonic_reflection::server::Builder<'a>, tonic_reflection::server::Error> {
    let builder = tonic_reflection::server::Builder::configure()
        .include_reflection_service(false)
        .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET);
    Ok(names.iter().copied().fold(builder, tonic_reflection::server::Builder::with_service_name))
}
