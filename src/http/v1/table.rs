//! What is served under `/api/v1`: each path with its methods and their handlers.
//!
//! A test compares it with the OpenAPI document, so nothing can be served that is not documented,
//! nor the other way round.

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Responder, Route};

use super::problem::Problem;
use crate::http::text;

/// Paths, their methods, their handlers.
#[derive(Default)]
pub struct Table {
    paths: BTreeMap<&'static str, Vec<(Method, Route)>>,
}

macro_rules! verbs {
    ($($verb:ident = $method:ident;)+) => {$(
        #[doc = concat!("Serves `", stringify!($method), "` of a path.")]
        pub fn $verb<F, Args>(&mut self, path: &'static str, handler: F) -> &mut Self
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            let route = web::$verb().to(handler);
            self.paths.entry(path).or_default().push((Method::$method, route));
            self
        }
    )+};
}

impl Table {
    verbs! {
        get = GET;
        post = POST;
        put = PUT;
        patch = PATCH;
        delete = DELETE;
    }

    /// All paths with the methods that are served there.
    #[cfg(test)]
    pub fn operations(&self) -> Vec<(String, String)> {
        let each = |(path, served): (&&str, &Vec<(Method, Route)>)| {
            let of = |(method, _): &(Method, Route)| (method.to_string(), (*path).to_owned());
            served.iter().map(of).collect::<Vec<_>>()
        };
        self.paths.iter().flat_map(each).collect()
    }

    /// Mounts them; other methods of the same paths are refused.
    pub fn mount(self, app: &mut ServiceConfig) {
        for (path, served) in self.paths {
            let methods = served.iter().map(|(method, _)| method.as_str());
            let allow = methods.collect::<Vec<_>>().join(", ");
            let refuse = move || {
                let problem = Problem::method(allow.clone());
                async move { Err::<&str, _>(problem) }
            };
            let mut resource = web::resource(path);
            for (_, route) in served {
                resource = resource.route(route);
            }
            let resource = resource.default_service(web::to(refuse));
            app.service(resource.wrap(from_fn(text::path_is_text::<Problem>)));
        }
    }
}
