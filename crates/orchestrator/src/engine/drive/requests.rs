//! What somebody outside asks of a run that is under way: to end, to log at other levels, to change its shared data.

use serde_json::Value;

use super::{Drive, World};
use crate::inbox::{Filed, Request};
use crate::model::{Address, Fact};

impl<W: World> Drive<'_, W> {
    /// Acts on what somebody outside asks for.
    pub(super) fn requested(&mut self, filed: Filed) {
        if let Request::Levels { levels } = &filed.request {
            self.world.log_at(levels);
            // It leads to no event that its mark has to wait for, unless a request before it does.
            if self.acted.is_none() {
                return self.world.acted(filed.id);
            }
        }
        self.acted = Some(filed.id);
        // What is put from outside belongs to no step: it is recorded at the root.
        let step = Address { step: self.state.plan().node(self.state.plan().root()).step.clone(), indices: Vec::new() };
        match filed.request {
            Request::Cancel => {
                self.is_cancelled = true;
                self.world.halt();
            }
            Request::Levels { .. } => {}
            Request::Put { key, value } => self.record(Fact::DataPut { step, key, value }),
            Request::Clear => {
                let keys: Vec<String> = self.state.data().keys().cloned().collect();
                for key in keys {
                    self.record(Fact::DataPut { step: step.clone(), key, value: Value::Null });
                }
            }
        }
    }
}
