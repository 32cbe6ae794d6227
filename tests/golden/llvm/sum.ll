; ModuleID = 'model'
source_filename = "model"


; Function Attrs: noinline nounwind
define internal fastcc range(i32 0, 2) i32 @sum_2(ptr %0, ptr noalias nocapture readonly %1, ptr noalias nocapture writeonly %2, ptr noalias nocapture readonly %3) unnamed_addr #0 {
entry:
  %variable = load i64, ptr %1, align 8
  %4 = getelementptr inbounds i8, ptr %0, i64 40
  %inject = load i32, ptr %4, align 4
  %5 = getelementptr inbounds i8, ptr %0, i64 44
  %inject_operand = load i32, ptr %5, align 4
  %6 = getelementptr inbounds i8, ptr %0, i64 48
  %inject_value = load double, ptr %6, align 8
  %7 = icmp eq i32 %inject, 0
  %8 = icmp eq i32 %inject_operand, 3
  %9 = and i1 %7, %8
  %10 = fptrunc double %inject_value to float
  %11 = icmp sgt i64 %variable, 0
  br i1 %11, label %loop1.preheader, label %common.ret

loop1.preheader:                                  ; preds = %entry, %held
  %i9 = phi i64 [ %26, %held ], [ 0, %entry ]
  %.idx = mul i64 %i9, 12
  %12 = getelementptr inbounds i8, ptr %3, i64 %.idx
  %13 = load float, ptr %12, align 4
  %14 = fadd float %13, 0.000000e+00
  %15 = getelementptr inbounds i8, ptr %12, i64 4
  %16 = load float, ptr %15, align 4
  %17 = fadd float %14, %16
  %18 = getelementptr inbounds i8, ptr %12, i64 8
  %19 = load float, ptr %18, align 4
  %20 = fadd float %17, %19
  %21 = select i1 %9, float %10, float %20
  %22 = tail call float @llvm.fabs.f32(float %21)
  %23 = fcmp ueq float %22, 0x7FF0000000000000
  br i1 %23, label %broken, label %held, !prof !0

common.ret:                                       ; preds = %held, %broken, %entry
  %common.ret.op = phi i32 [ 0, %entry ], [ 0, %held ], [ 1, %broken ]
  ret i32 %common.ret.op

broken:                                           ; preds = %loop1.preheader
  %24 = fpext float %21 to double
  %stop = tail call i32 @nna_rt_trip(ptr %0, i32 0, i64 %i9, double 0.000000e+00, double 0.000000e+00, double 0.000000e+00, double %24, i32 0)
  %.not = icmp eq i32 %stop, 0
  br i1 %.not, label %held, label %common.ret

held:                                             ; preds = %broken, %loop1.preheader
  %25 = getelementptr inbounds float, ptr %2, i64 %i9
  store float %20, ptr %25, align 4
  %26 = add nuw nsw i64 %i9, 1
  %exitcond.not = icmp eq i64 %26, %variable
  br i1 %exitcond.not, label %common.ret, label %loop1.preheader
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare float @llvm.fabs.f32(float) #1

; Function Attrs: cold nounwind
declare i32 @nna_rt_trip(ptr, i32, i64, double, double, double, double, i32) local_unnamed_addr #2

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite)
define internal range(i32 0, 2) i32 @shapes(ptr nocapture readonly %0, ptr nocapture writeonly %1) #3 {
entry:
  %variable = load i64, ptr %0, align 8
  %2 = icmp ugt i64 %variable, 1152921504606846975
  %3 = shl i64 %variable, 3
  %4 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %3, i64 3)
  %5 = extractvalue { i64, i1 } %4, 1
  %6 = or i1 %2, %5
  %7 = extractvalue { i64, i1 } %4, 0
  %8 = icmp sgt i64 %7, 9223372036854775744
  %9 = or i1 %6, %8
  store i64 %variable, ptr %1, align 8
  %10 = getelementptr inbounds i8, ptr %1, i64 8
  store i64 3, ptr %10, align 8
  %11 = icmp sgt i64 %3, 9223372036854775744
  %12 = or i1 %11, %9
  %13 = getelementptr inbounds i8, ptr %1, i64 16
  store i64 %variable, ptr %13, align 8
  %14 = zext i1 %12 to i32
  ret i32 %14
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare { i64, i1 } @llvm.smul.with.overflow.i64(i64, i64) #1

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: read)
define internal range(i64 -1, 1) i64 @workspace(ptr nocapture readonly %0) #4 {
entry:
  %variable = load i64, ptr %0, align 8
  %1 = icmp ugt i64 %variable, 1152921504606846975
  %2 = shl i64 %variable, 3
  %3 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %2, i64 3)
  %4 = extractvalue { i64, i1 } %3, 1
  %5 = or i1 %1, %4
  %6 = extractvalue { i64, i1 } %3, 0
  %7 = icmp sgt i64 %6, 9223372036854775744
  %8 = or i1 %5, %7
  %9 = icmp sgt i64 %2, 9223372036854775744
  %10 = or i1 %9, %8
  %11 = sext i1 %10 to i64
  ret i64 %11
}

; Function Attrs: nounwind
define internal range(i32 0, 2) i32 @run(ptr %0) #5 {
entry:
  %1 = getelementptr inbounds i8, ptr %0, i64 8
  %variables = load ptr, ptr %1, align 8
  %2 = getelementptr inbounds i8, ptr %0, i64 16
  %inputs = load ptr, ptr %2, align 8
  %3 = getelementptr inbounds i8, ptr %0, i64 24
  %outputs = load ptr, ptr %3, align 8
  %4 = load ptr, ptr %outputs, align 8
  %5 = load ptr, ptr %inputs, align 8
  %6 = tail call fastcc i32 @sum_2(ptr %0, ptr %variables, ptr %4, ptr %5)
  %7 = icmp eq i32 %6, 0
  br i1 %7, label %common.ret, label %stop, !prof !1

common.ret:                                       ; preds = %entry, %stop
  %common.ret.op = phi i32 [ 1, %stop ], [ 0, %entry ]
  ret i32 %common.ret.op

stop:                                             ; preds = %entry
  br label %common.ret
}

attributes #0 = { noinline nounwind }
attributes #1 = { mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #2 = { cold nounwind }
attributes #3 = { mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite) }
attributes #4 = { mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: read) }
attributes #5 = { nounwind }

!0 = !{!"branch_weights", i32 1, i32 1048576}
!1 = !{!"branch_weights", i32 1048576, i32 1}
