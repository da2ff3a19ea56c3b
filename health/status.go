package health

// Status is where an object, or all of them together, has got to, in the words of kstatus.
type Status string

// The words of a [Report] are Current, InProgress, Failed and Unknown; a single object knows all of them.
const (
	Current     Status = "Current"     // as applied, complete, and serving
	InProgress  Status = "InProgress"  // not yet, and time may do it
	Failed      Status = "Failed"      // not, and time alone will not change that
	Terminating Status = "Terminating" // marked for deletion
	NotFound    Status = "NotFound"    // deleted after it was applied
	Unknown     Status = "Unknown"     // the watches do not see the cluster
)
