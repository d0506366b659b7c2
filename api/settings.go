package api

import "reflect"

// changedFields returns the names of the fields in which two structs of the same
// type differ. Functions cannot be compared, so they differ only if one of them is
// nil.
func changedFields(a, b any) (fields []string) {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		fa, fb := va.Field(i), vb.Field(i)
		same := false
		if fa.Kind() == reflect.Func {
			same = fa.IsNil() == fb.IsNil()
		} else {
			same = reflect.DeepEqual(fa.Interface(), fb.Interface())
		}
		if !same {
			fields = append(fields, va.Type().Field(i).Name)
		}
	}
	return fields
}
